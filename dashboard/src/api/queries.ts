/** The API's answers for components: kept while they are shown, and asked for anew when something changed. */

import {
  QueryClient,
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from "@tanstack/react-query";
import { call, CallFailed, type Answer, type CallPath, type Question } from "./calls";

const FRESH_FOR_MS = 10_000;
const RETRIES = 2;

/** Without a connection a call fails at once, and says so, instead of waiting for one. */
const NOT_WAITING = "always";

/** The answers of a page; an error of the API's is shown, and only what may pass is tried again. */
export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: FRESH_FOR_MS,
        networkMode: NOT_WAITING,
        refetchOnReconnect: true,
        retry: (failures, error) => failures < RETRIES && isPassing(error),
      },
      mutations: { networkMode: NOT_WAITING },
    },
  });
}

function isPassing(error: unknown): boolean {
  return error instanceof CallFailed && error.status >= 500;
}

/**
 * What a call answers.
 *
 * @param askEvery After how many milliseconds it is asked for anew, by what is known; false is never.
 */
export function useAnswer<P extends CallPath>(
  path: P,
  question: Question<P>,
  { askEvery = () => false }: { askEvery?: (known: Answer<P> | undefined) => number | false } = {},
): UseQueryResult<Answer<P>> {
  return useQuery({
    queryKey: [path, question],
    queryFn: ({ signal }) => call(path, question, { signal }),
    refetchInterval: ({ state }) => askEvery(state.data),
  });
}

/**
 * A call that changes something.
 *
 * @param outdated The calls whose answers are no longer true once it is made.
 */
export function useChange<P extends CallPath>(
  path: P,
  outdated: readonly CallPath[],
  method: "POST" | "PATCH" = "POST",
): UseMutationResult<Answer<P>, Error, Question<P>> {
  return useChanging(outdated, (question: Question<P>) => call(path, question, { method }));
}

/**
 * A change that may take several calls.
 *
 * @param outdated The calls whose answers are no longer true once it is made.
 */
export function useChanging<T, R>(
  outdated: readonly CallPath[],
  change: (wanted: T) => Promise<R>,
): UseMutationResult<R, Error, T> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    // Also after a failure: a part may have been done before it, or all of it without an answer.
    onSettled: () => Promise.all(outdated.map((known) => client.invalidateQueries({ queryKey: [known] }))),
  });
}
