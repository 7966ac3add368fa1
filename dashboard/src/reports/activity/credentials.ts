/** The credentials of all kinds, to choose among and to link to. */

import { useMemo } from "react";
import { useCredentials } from "../../sending/calls";
import {
  address,
  API_KEYS,
  IP_ADDRESSES,
  SMTP_USERS,
  credentials,
  type Credential,
  type Kind,
} from "../../sending/kinds";

/** A kind, and its credentials as far as they are known. */
export interface Group {
  kind: Kind;
  credentials: readonly Credential[];
}

/** All credentials that there are now, by their kinds; mail may be of one that was removed. */
export function useGroups(): readonly Group[] {
  const users = useCredentials(SMTP_USERS).data;
  const addresses = useCredentials(IP_ADDRESSES).data;
  const keys = useCredentials(API_KEYS).data;
  return useMemo(
    () => [
      { kind: SMTP_USERS, credentials: users ? credentials(users) : [] },
      { kind: IP_ADDRESSES, credentials: addresses ? credentials(addresses) : [] },
      { kind: API_KEYS, credentials: keys ? credentials(keys) : [] },
    ],
    [users, addresses, keys],
  );
}

/** Where the pages of the credentials are, by their ids. */
export function pagesOf(groups: readonly Group[]): ReadonlyMap<string, string> {
  return new Map(
    groups.flatMap(({ kind, credentials: all }) =>
      all.map(({ id }): [string, string] => [id, address(kind, id)]),
    ),
  );
}
