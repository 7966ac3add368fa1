/** What is looked for, as the page's address has it and as the API is asked. */

import type { Schemas } from "../../api/calls";
import { OPEN_CLASSES, type OpenClass } from "../classes";
import { EVENT_TYPES, type ActivityType } from "./events";

export const PAGE = "/reports/activity";
export const PAGE_SIZES = [50, 100, 500, 1000];

const HOUR_MS = 3_600_000;

/** The times until now that can be looked at. */
export const LASTS = [
  { last: "1h", label: "Last hour", ms: HOUR_MS },
  { last: "24h", label: "Last 24 hours", ms: 24 * HOUR_MS },
  { last: "7d", label: "Last 7 days", ms: 7 * 24 * HOUR_MS },
  { last: "30d", label: "Last 30 days", ms: 30 * 24 * HOUR_MS },
] as const;

export const LONGEST = LASTS[3];

export type Last = (typeof LASTS)[number]["last"];

/** From one time to another, the last second included. */
export interface Dates {
  from: string;
  until: string;
}

export type Range = { last: Last } | Dates;

/** What is looked for; an empty list is any. */
export interface Filter {
  text: string;
  events: readonly ActivityType[];
  credentials: readonly string[];
  classes: readonly OpenClass[];
  range: Range;
  pageSize: number;
}

/** What is looked for where nothing is said. */
export const ANYTHING: Filter = {
  text: "",
  events: [],
  credentials: [],
  classes: [],
  range: { last: "7d" },
  pageSize: 50,
};

/** The filter that an address has; what it does not say, or says wrongly, is as in `ANYTHING`. */
export function filterOf(address: URLSearchParams): Filter {
  const size = Number(address.get("size"));
  return {
    text: address.get("find") ?? "",
    events: EVENT_TYPES.filter((type) => address.getAll("event").includes(type)),
    credentials: address.getAll("credential"),
    classes: OPEN_CLASSES.filter((each) => address.getAll("class").includes(each)),
    range: rangeOf(address) ?? ANYTHING.range,
    pageSize: PAGE_SIZES.includes(size) ? size : ANYTHING.pageSize,
  };
}

/** What the address of a filter says. */
export function searchOf({ text, events, credentials, classes, range, pageSize }: Filter): URLSearchParams {
  const said = {
    find: text,
    event: events,
    credential: credentials,
    class: classes,
    ...range,
    size: pageSize,
  };
  const usual = { ...ANYTHING.range, size: ANYTHING.pageSize };
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(said)) {
    if (value !== "" && value !== usual[name as keyof typeof usual]) {
      [value].flat().forEach((each) => search.append(name, String(each)));
    }
  }
  return search;
}

/** Whether a filter leaves something out, beside what is not in its time. */
export function isSelective({ text, events, credentials, classes }: Filter): boolean {
  return Boolean(text || events.length || credentials.length || classes.length);
}

/** All events of the same time. */
export function cleared({ range, pageSize }: Filter): Filter {
  return { ...ANYTHING, range, pageSize };
}

/** How the API is asked for the first page, at a time. */
export function question(filter: Filter, now: Date): Schemas["Search"] {
  return {
    ...dates(filter.range, now),
    ...(filter.text && { search: filter.text }),
    ...(filter.events.length && { event_types: [...filter.events] }),
    ...(filter.credentials.length && { search_usernames: [...filter.credentials] }),
    ...(filter.classes.length && { open_classes: [...filter.classes] }),
    limit: filter.pageSize,
  };
}

/** The same time as dates, to be changed. */
export function asDates(range: Range, now: Date): Dates {
  return "from" in range ? range : { from: iso(begin(range.last, now)), until: iso(now) };
}

function dates(range: Range, now: Date): Pick<Schemas["Search"], "start_date" | "end_date"> {
  if ("last" in range) {
    return { start_date: begin(range.last, now).toISOString() };
  }
  // To the API the end is the first time that no longer counts.
  const end = new Date(new Date(range.until).getTime() + 1000);
  return { start_date: new Date(range.from).toISOString(), end_date: end.toISOString() };
}

function begin(last: Last, now: Date): Date {
  return new Date(now.getTime() - LASTS.find((each) => each.last === last)!.ms);
}

/** To the second, as the picker of dates wants it. */
function iso(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}

function rangeOf(address: URLSearchParams): Range | null {
  const [from, until] = [address.get("from"), address.get("until")];
  if (from && until && new Date(from) <= new Date(until)) {
    return { from, until };
  }
  const known = LASTS.find(({ last }) => last === address.get("last"));
  return known ? { last: known.last } : null;
}
