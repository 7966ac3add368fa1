/** The credentials of all kinds, to choose among and to link to. */

import { useMemo } from "react";
import { useCredentials } from "./calls";
import { API_KEYS, IP_ADDRESSES, SMTP_USERS, type Credential, type Kind } from "./kinds";

/** A kind, and its credentials as far as they are known. */
export interface Group {
  kind: Kind;
  credentials: readonly Credential[];
}

const NONE: readonly Credential[] = [];

/** All credentials that there are now, by their kinds; mail may be of one that was removed. */
export function useGroups() {
  const users = useCredentials(SMTP_USERS);
  const addresses = useCredentials(IP_ADDRESSES);
  const keys = useCredentials(API_KEYS);
  const answers = [users, addresses, keys];
  const groups = useMemo(
    (): readonly Group[] => [
      { kind: SMTP_USERS, credentials: users.credentials ?? NONE },
      { kind: IP_ADDRESSES, credentials: addresses.credentials ?? NONE },
      { kind: API_KEYS, credentials: keys.credentials ?? NONE },
    ],
    [users.credentials, addresses.credentials, keys.credentials],
  );
  return {
    groups,
    isLoading: answers.some(({ isLoading }) => isLoading),
    hasFailed: answers.some(({ error }) => error),
    /** Ask again for those that could not be loaded. */
    retry: () => answers.forEach(({ error, refetch }) => error && void refetch()),
  };
}
