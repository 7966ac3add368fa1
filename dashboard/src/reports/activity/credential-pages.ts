import type { Group } from "../../sending/groups";
import { address } from "../../sending/kinds";

/** Where the pages of the credentials are, by their ids. */
export function pagesOf(groups: readonly Group[]): ReadonlyMap<string, string> {
  return new Map(
    groups.flatMap(({ kind, credentials: all }) =>
      all.map(({ id }): [string, string] => [id, address(kind, id)]),
    ),
  );
}
