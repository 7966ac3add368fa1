import { afterEach, expect, test, vi } from "vitest";
import { periods, share, total, week, type Day } from "./counts";

const NO_HOURS = new Array<number>(24).fill(0);

function day(date: string, more: Partial<Day> = {}): Day {
  return {
    date,
    sent: 0,
    delivered: 0,
    opens: 0,
    opens_human: 0,
    opens_prefetch_only: 0,
    opens_by_class: {},
    opens_human_by_hour: NO_HOURS,
    ...more,
  };
}

function days(first: string, count: number, more: Partial<Day> = {}): Day[] {
  const start = Date.parse(`${first}T00:00:00Z`);
  return Array.from({ length: count }, (_, number) =>
    day(new Date(start + number * 86_400_000).toISOString().slice(0, 10), more),
  );
}

afterEach(() => vi.unstubAllEnvs());

test("the total is of all days", () => {
  const found = total([day("2026-11-23", { sent: 2, opens: 1 }), day("2026-11-24", { sent: 3 })]);

  expect(found).toMatchObject({ sent: 5, opens: 1, delivered: 0 });
});

test("a share of nothing is a dash", () => {
  expect(share(0, 0)).toBe("–");
  expect(share(1, 3)).toBe("33.3%");
});

test("a month is shown by days, a quarter by weeks, a year by months", () => {
  const opens = { opens_by_class: { direct_open: 1 } };

  expect(periods(days("2026-11-01", 30, opens))).toHaveLength(30);
  const weeks = periods(days("2026-11-02", 90, opens));
  expect(weeks.map(({ start }) => start).slice(0, 2)).toEqual(["2026-11-02", "2026-11-09"]);
  expect(weeks[0]!.classes).toEqual({ direct_open: 7 });
  const months = periods(days("2026-01-01", 365, opens));
  expect(months).toHaveLength(12);
  expect(months[1]).toEqual({ start: "2026-02-01", classes: { direct_open: 28 } });
});

test("hours are those of the viewer's zone, in which it may be another day", () => {
  vi.stubEnv("TZ", "Asia/Tokyo");
  const hours = NO_HOURS.with(20, 3);

  // A Tuesday, 20:00 UTC: Wednesday, 05:00 in Tokyo.
  const counts = week([day("2026-11-24", { opens_human_by_hour: hours })]);

  expect(counts[2]![5]).toBe(3);
  expect(counts.flat().reduce((sum, count) => sum + count)).toBe(3);
});
