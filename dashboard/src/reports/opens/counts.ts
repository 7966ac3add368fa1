/** What the report's counts come to: totals, longer periods, and hours in the viewer's zone. */

import type { Schemas } from "../../api/calls";
import type { OpenClass } from "../classes";

export type Day = Schemas["OpensOfDay"];

/** The counts that days, senders and domains have alike. */
export type Counts = Pick<Day, "sent" | "delivered" | "opens" | "opens_human" | "opens_prefetch_only">;

/** Opens by their class, in a day, a week or a month. */
export interface Period {
  /** Its first day. */
  start: string;
  classes: Partial<Record<OpenClass, number>>;
}

const HOURS = 24;
const WEEKDAYS = 7;
const DAYS_BY_DAY = 31;
const DAYS_BY_WEEK = 120;

/** The counts of all days together. */
export function total(days: readonly Day[]): Counts {
  const sum = { sent: 0, delivered: 0, opens: 0, opens_human: 0, opens_prefetch_only: 0 };
  for (const day of days) {
    for (const name of Object.keys(sum) as (keyof Counts)[]) {
      sum[name] += day[name];
    }
  }
  return sum;
}

/** How much of the mails that is, as text; a dash of none. */
export function share(count: number, mails: number): string {
  return mails === 0 ? "–" : `${((100 * count) / mails).toFixed(1)}%`;
}

/** Opens by class over the days, in periods few enough to be told apart in a chart. */
export function periods(days: readonly Day[]): Period[] {
  const found = new Map<string, Period>();
  for (const day of days) {
    const start = periodOf(day.date, days.length);
    const period = found.get(start) ?? { start, classes: {} };
    found.set(start, period);
    for (const [name, count] of Object.entries(day.opens_by_class) as [OpenClass, number][]) {
      period.classes[name] = (period.classes[name] ?? 0) + count;
    }
  }
  return [...found.values()];
}

/** How long a period is, when so many days are shown. */
export function periodName(days: number): "day" | "week" | "month" {
  return days <= DAYS_BY_DAY ? "day" : days <= DAYS_BY_WEEK ? "week" : "month";
}

function periodOf(date: string, days: number): string {
  switch (periodName(days)) {
    case "day":
      return date;
    case "month":
      return `${date.slice(0, 7)}-01`;
    case "week": {
      const at = new Date(`${date}T00:00:00Z`);
      at.setUTCDate(at.getUTCDate() - ((at.getUTCDay() + 6) % WEEKDAYS));
      return at.toISOString().slice(0, 10);
    }
  }
}

/** The opens that show a person: seven weekdays from Monday on, of 24 hours, in the viewer's zone. */
export function week(days: readonly Day[]): number[][] {
  const counts = Array.from({ length: WEEKDAYS }, () => new Array<number>(HOURS).fill(0));
  for (const day of days) {
    day.opens_human_by_hour.forEach((count, hour) => {
      const at = new Date(`${day.date}T${String(hour).padStart(2, "0")}:00:00Z`);
      counts[(at.getDay() + 6) % WEEKDAYS]![at.getHours()]! += count;
    });
  }
  return counts;
}
