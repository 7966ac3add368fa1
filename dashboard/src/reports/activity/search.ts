/** The search for events, page by page. */

import { useInfiniteQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useState } from "react";
import { call, type Schemas } from "../../api/calls";
import { question, searchOf, type Filter } from "./filter";

const SEARCH = "/v3/activity/search";
const TIMELINE = "/v3/activity/timeline";

/** The API looks through so much for each page; a search that finds nothing in it goes on, and in the end asks. */
const EMPTY_PAGES = 5;

type Asked = Schemas["Search"];

/** Events that were found, what was asked for them, and when, in milliseconds. */
type Found = Schemas["ActivityPage"] & { asked: Asked; foundAt: number };

/** A search as far as it has come. */
export interface Search {
  /** Those of the page that is shown; undefined until they are known. */
  events: readonly Schemas["ActivityEvent"][] | undefined;
  /** How many have been found, such as `50+` where there may be more. */
  count: string;
  error: Error | null;
  /** Whether the page that is to be shown is not there yet. */
  isLoading: boolean;
  /** Whether anything is asked for; what is shown stays meanwhile. */
  isAsking: boolean;
  /** When those of the page that is shown were found, in milliseconds; undefined until they are. */
  foundAt: number | undefined;
  pageNumber: number;
  pageCount: number;
  /** Whether there may be more pages than those that are counted. */
  isOpenEnded: boolean;
  /** Whether there may be more behind the page that is shown. */
  hasMore: boolean;
  /** Show a page, which may be the one behind the last that is counted. */
  turnTo: (page: number) => Promise<void>;
  /** Ask anew: for the first page, and for what is known of single mails. */
  refresh: () => Promise<void>;
}

/** The search that a filter asks for. */
export function useSearch(filter: Filter): Search {
  const client = useQueryClient();
  const name = searchOf(filter).toString();
  const key = [SEARCH, name];
  const [at, setAt] = useState({ name, page: 0 });
  const answer = useInfiniteQuery({
    queryKey: key,
    initialPageParam: null as Asked | null,
    queryFn: ({ pageParam, signal }) => find(pageParam ?? question(filter, new Date()), signal),
    // A token continues the very search that gave it, whose beginning may have been counted from the time then.
    getNextPageParam: ({ asked, continue_token }): Asked | null =>
      continue_token ? { ...asked, continue_token } : null,
    // What a person reads does not move until they ask for it.
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const pages = answer.data?.pages ?? [];
  const index = at.name === name ? at.page : 0;

  const turnTo = async (page: number) => {
    const known = page > pages.length ? (await answer.fetchNextPage()).data?.pages.length : page;
    setAt({ name, page: Math.min(page, known ?? 1) - 1 });
  };
  const refresh = async () => {
    setAt({ name, page: 0 });
    client.setQueryData<InfiniteData<Found>>(key, (known) => known && onlyFirst(known));
    await Promise.all([answer.refetch(), client.invalidateQueries({ queryKey: [TIMELINE] })]);
  };
  return {
    events: pages[index]?.events,
    count: count(pages),
    error: answer.error,
    isLoading: answer.isLoading || answer.isFetchingNextPage,
    isAsking: answer.isFetching,
    foundAt: pages[index]?.foundAt,
    pageNumber: index + 1,
    pageCount: Math.max(pages.length, 1),
    isOpenEnded: answer.hasNextPage,
    hasMore: Boolean(pages[index]?.continue_token),
    turnTo,
    refresh,
  };
}

async function find(asked: Asked, signal: AbortSignal): Promise<Found> {
  let found = await call(SEARCH, asked, { signal });
  for (let empty = 1; empty < EMPTY_PAGES && !found.events.length && found.continue_token; empty++) {
    const { continue_token } = found;
    found = await call(SEARCH, { ...asked, continue_token }, { signal });
  }
  return { ...found, asked, foundAt: Date.now() };
}

function count(pages: readonly Found[]): string {
  const last = pages.at(-1);
  if (!last) {
    return "";
  }
  // Where there may be more, the API counts one more.
  return last.continue_token ? `(${last.total_events - 1}+)` : `(${last.total_events})`;
}

function onlyFirst({ pages, pageParams }: InfiniteData<Found>): InfiniteData<Found> {
  return { pages: pages.slice(0, 1), pageParams: pageParams.slice(0, 1) };
}
