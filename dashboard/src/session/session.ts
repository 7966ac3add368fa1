/** Who is signed in to the user pool. The tokens are in session storage, and gone with the tab. */

import { Amplify } from "aws-amplify";
import { fetchAuthSession, getCurrentUser, signOut } from "aws-amplify/auth";
import { cognitoUserPoolsTokenProvider } from "aws-amplify/auth/cognito";
import { sessionStorage } from "aws-amplify/utils";
import { useSyncExternalStore } from "react";
import type { Settings } from "./settings";

/** `user` is whom the sign-in form was told; null if nobody is signed in, and then `reason` may say why. */
export interface Session {
  user: string | null;
  reason?: string;
}

let session: Session = { user: null };
const listeners = new Set<() => void>();

/** Find out whether somebody is signed in. */
export async function startSession({
  userPoolId,
  userPoolClientId,
  userPoolEndpoint,
}: Settings): Promise<void> {
  Amplify.configure({
    Auth: { Cognito: { userPoolId, userPoolClientId, ...(userPoolEndpoint && { userPoolEndpoint }) } },
  });
  cognitoUserPoolsTokenProvider.setKeyValueStorage(sessionStorage);
  await renewSession();
}

/** Take over what a sign-in led to. */
export async function renewSession(): Promise<void> {
  try {
    const user = await getCurrentUser();
    set({ user: user.signInDetails?.loginId ?? user.username });
  } catch {
    set({ user: null });
  }
}

/** Sign out; the reason is shown beside the form. */
export async function endSession(reason?: string): Promise<void> {
  try {
    await signOut();
  } catch {
    // The tokens are removed here in any case; the pool may not be reachable.
  }
  set({ user: null, ...(reason && { reason }) });
}

/**
 * The token that calls are made with; renewed when its hour is nearly over. Empty if it cannot be, which the API
 * refuses.
 */
export async function accessToken(): Promise<string> {
  const { tokens } = await fetchAuthSession();
  return tokens?.accessToken.toString() ?? "";
}

/** Who is signed in, for components. */
export function useSession(): Session {
  return useSyncExternalStore(subscribe, () => session);
}

function set(changed: Session): void {
  session = changed;
  listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
