/** The API, as a person calls it who is signed in: `/console/v3/...` with the token of the user pool. */

import { accessToken, endSession } from "../session/session";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

type Operation<P extends keyof paths, M extends "post" | "patch"> = NonNullable<paths[P][M]>;

type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : never;

/** The calls by their paths, such as `/v3/users/smtp/view`. */
export type CallPath = keyof paths;

/** What a call takes. */
export type Question<P extends CallPath> =
  | Json<NonNullable<Operation<P, "post"> extends { requestBody?: infer Body } ? Body : never>>
  | Json<NonNullable<Operation<P, "patch"> extends { requestBody?: infer Body } ? Body : never>>;

/** What a call answers, without the envelope. */
export type Answer<P extends CallPath> = Data<Operation<P, "post">> | Data<Operation<P, "patch">>;

type Data<O> = O extends { responses: { 200: infer Found } }
  ? Json<Found> extends { data: infer D }
    ? D
    : never
  : never;

/** The API refused a call, or could not be reached: then the status is 0. */
export class CallFailed extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/**
 * Make a call.
 *
 * @param method `PATCH` changes only what it is given, and is there for edits.
 * @throws CallFailed
 */
export async function call<P extends CallPath>(
  path: P,
  question: Question<P>,
  { method = "POST", signal }: { method?: "POST" | "PATCH"; signal?: AbortSignal } = {},
): Promise<Answer<P>> {
  const response = await reached(async () =>
    fetch(`/console${path}`, {
      method,
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${await accessToken()}` },
      body: JSON.stringify(question),
      ...(signal && { signal }),
    }),
  );
  const answered = await read(response);
  if (response.status === 401) {
    await endSession("Your session is over. Sign in again.");
  }
  if (!response.ok) {
    throw new CallFailed(answered?.data?.error ?? `The API answered ${response.status}.`, response.status);
  }
  return answered?.data as Answer<P>;
}

async function reached(ask: () => Promise<Response>): Promise<Response> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") {
      throw error;
    }
    throw new CallFailed("The API cannot be reached. Look at your connection, and try again.", 0);
  }
}

async function read(response: Response): Promise<{ data?: { error?: string } } | null> {
  try {
    return (await response.json()) as { data?: { error?: string } };
  } catch {
    // CloudFront and API Gateway have error pages of their own.
    return null;
  }
}
