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

/** The answers of a page; an error of the API's is shown, and only what may pass is tried again. */
export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: FRESH_FOR_MS,
        retry: (failures, error) => failures < RETRIES && isPassing(error),
      },
    },
  });
}

function isPassing(error: unknown): boolean {
  return error instanceof CallFailed && error.status >= 500;
}

/** What a call answers. */
export function useAnswer<P extends CallPath>(
  path: P,
  question: Question<P>,
  options: { enabled?: boolean; refetchInterval?: number } = {},
): UseQueryResult<Answer<P>> {
  return useQuery({
    queryKey: [path, question],
    queryFn: ({ signal }) => call(path, question, { signal }),
    ...options,
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
  const client = useQueryClient();
  return useMutation({
    mutationFn: (question: Question<P>) => call(path, question, { method }),
    onSuccess: () => Promise.all(outdated.map((known) => client.invalidateQueries({ queryKey: [known] }))),
  });
}
