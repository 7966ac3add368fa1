import { screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import type { Schemas } from "../../api/calls";
import { answering, Refused, show } from "../../testing/page";
import Opens from "./opens";

const NO_HOURS = new Array<number>(24).fill(0);

function report(more: Partial<Schemas["OpensReport"]> = {}): Schemas["OpensReport"] {
  return {
    days: [
      {
        date: "2026-11-24",
        sent: 40,
        delivered: 30,
        opens: 20,
        opens_human: 12,
        opens_prefetch_only: 6,
        opens_by_class: { direct_open: 11, proxied_open: 4, privacy_prefetch: 9 },
        opens_human_by_hour: NO_HOURS.with(9, 5),
      },
    ],
    by_username: [
      {
        username: "newsletter",
        description: "the shop",
        sent: 40,
        delivered: 30,
        opens: 20,
        opens_human: 12,
        opens_prefetch_only: 6,
      },
    ],
    usernames_left_out: 0,
    by_domain: [],
    domains_left_out: 0,
    domains_are_complete: true,
    ...more,
  };
}

test("sent, delivered, reported opens and those by people are told apart", async () => {
  answering({ "/v3/stats/opens": report() });

  show(Opens);

  const total = (await screen.findByText("Mails that Amazon SES took")).parentElement!.parentElement!
    .parentElement!;
  for (const [label, count] of [
    ["Sent", "40"],
    ["Delivered", "30"],
    ["Reported opens", "20"],
    ["Opened by people", "12"],
  ]) {
    expect(within(total).getByText(label!).parentElement).toHaveTextContent(count!);
  }
  expect(screen.getByText(/^40.0% of those delivered have/)).toBeVisible();
});

test("the chart is there as a table too", async () => {
  const people = userEvent.setup();
  answering({ "/v3/stats/opens": report() });
  show(Opens);

  await people.click(await screen.findByRole("button", { name: "Table" }));

  const table = screen.getByRole("table", { name: "Opens over time, by kind" });
  expect(within(table).getAllByRole("row")[1]).toHaveTextContent(/24 Nov 2026|Nov 24, 2026/);
  expect(within(table).getByText("11")).toBeVisible();
});

test("the days are chosen, and stand in the address", async () => {
  const people = userEvent.setup();
  const asked: unknown[] = [];
  answering({
    "/v3/stats/opens": ({ start_date }) => {
      asked.push(start_date);
      return report();
    },
  });
  const router = show(Opens);

  await people.click(await screen.findByRole("button", { name: /Time range/ }));
  await people.click(screen.getByText("Last 7 days"));

  const week = new Date(Date.now() - 6 * 86_400_000).toISOString().slice(0, 10);
  await screen.findByText("Opens over time");
  expect(router.state.location.search).toBe("?days=7");
  expect(asked.at(-1)).toBe(week);
});

test("what is left out is said", async () => {
  answering({ "/v3/stats/opens": report({ domains_left_out: 1200, domains_are_complete: false }) });

  show(Opens);

  expect(await screen.findByText(/1,200 more are not/)).toBeVisible();
  expect(screen.getByText(/the oldest days are missing/)).toBeVisible();
});

test("where nothing was sent, the page says how there come to be numbers", async () => {
  answering({ "/v3/stats/opens": report({ days: [] }) });

  show(Opens);

  expect(await screen.findByText("Nothing was sent or opened on these days")).toBeVisible();
});

test("what goes wrong is said, and asked again", async () => {
  const people = userEvent.setup();
  let isBroken = true;
  answering({
    "/v3/stats/opens": () => {
      if (isBroken) {
        throw new Refused(400, "The report is not there.");
      }
      return report();
    },
  });
  show(Opens);

  expect(await screen.findByText("The report is not there.")).toBeVisible();
  isBroken = false;
  await people.click(screen.getByRole("button", { name: "Try again" }));

  expect(await screen.findByText("Opens over time")).toBeVisible();
});
