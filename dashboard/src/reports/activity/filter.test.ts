import { expect, test } from "vitest";
import { ANYTHING, asDates, filterOf, question, searchOf, type Filter } from "./filter";

const NOW = new Date("2026-11-24T13:00:00Z");

const FILTERS: Filter[] = [
  ANYTHING,
  { ...ANYTHING, text: "a|b & c=d", range: { last: "1h" } },
  { ...ANYTHING, events: ["delivered", "opened"], classes: ["direct_open", "bot"], pageSize: 1000 },
  { ...ANYTHING, credentials: ["2001:db8::/64", "a b"], range: { last: "30d" } },
  { ...ANYTHING, range: { from: "2026-11-24T00:00:00+01:00", until: "2026-11-24T23:59:59+01:00" } },
];

test.each(FILTERS)("an address says all of %o", (filter) => {
  expect(filterOf(new URLSearchParams(searchOf(filter).toString()))).toEqual(filter);
});

test("what is usual is not in the address", () => {
  expect(searchOf(ANYTHING).toString()).toBe("");
});

test.each([
  "event=nothing&class=none&size=7&last=3y",
  "from=2026-11-25T00:00:00Z&until=2026-11-24T00:00:00Z",
  "from=yesterday&until=today",
])("what an address says wrongly is left out: %s", (search) => {
  expect(filterOf(new URLSearchParams(search))).toEqual(ANYTHING);
});

test("a time until now is counted from when the API is asked", () => {
  expect(question({ ...ANYTHING, range: { last: "24h" } }, NOW)).toEqual({
    start_date: "2026-11-23T13:00:00.000Z",
    limit: 50,
  });
});

test("a time until now becomes the dates that it is at the moment", () => {
  expect(asDates({ last: "1h" }, NOW)).toEqual({
    from: "2026-11-24T12:00:00Z",
    until: "2026-11-24T13:00:00Z",
  });
});
