/** The calls for credentials of any kind. */

import { useMemo } from "react";
import { call, type Question } from "../api/calls";
import { useAnswer, useChanging } from "../api/queries";
import { credentials, type Credential, type Kind } from "./kinds";

/** What an edit may change; the rest stays as it is. */
export type Changes = Partial<
  Pick<
    Credential,
    "description" | "open_tracking_enabled" | "status" | "custom_ratelimit" | "custom_ratelimit_value"
  > & { custom_ratelimit_period: string | null; email_password: string; endpoints: string[] }
>;

/** All credentials of a kind. */
export function useCredentials(kind: Kind) {
  const { data, ...answer } = useAnswer(kind.view, {});
  return { ...answer, credentials: useMemo(() => data && credentials(data), [data]) };
}

/** One credential, null if there is none; undefined until that is known. */
export function useCredential(kind: Kind, id: string) {
  const { credentials: all, ...answer } = useCredentials(kind);
  return { ...answer, credential: all && (all.find((each) => each.id === id) ?? null) };
}

/** Changes a credential. */
export function useEdit(kind: Kind, id: string) {
  return useChanging([kind.view], (changes: Changes) =>
    call(kind.edit, { [kind.field]: id, ...changes } as Question<Kind["edit"]>, { method: "PATCH" }),
  );
}

/** Removes credentials, by their ids. */
export function useRemoval(kind: Kind) {
  return useChanging([kind.view], async (ids: readonly string[]) => {
    for (const id of ids) {
      await call(kind.remove, { [kind.field]: id } as Question<Kind["remove"]>);
    }
  });
}
