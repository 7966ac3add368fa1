import { screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Schemas } from "../../api/calls";
import { answering, Refused, show, type Answers } from "../../testing/page";
import Activity from "./activity";
import { CREDENTIALS, event, opened, page, timeline } from "./examples";
import { PAGE } from "./filter";
import { whyUntracked } from "./tracking";

function showDelivery(known: Schemas["Timeline"] | (() => Schemas["Timeline"])) {
  answering({
    ...(CREDENTIALS as Answers),
    "/v3/activity/search": page([event()]),
    "/v3/activity/timeline": known,
  });
  show(Activity, PAGE, `${PAGE}?mail=06h0r9co15h30phg2640&recipient=olga%40example.org`);
}

async function showTimeline(known: Schemas["Timeline"]): Promise<HTMLElement[]> {
  showDelivery(known);
  await userEvent.click(await screen.findByRole("tab", { name: "Timeline" }));
  return within(screen.getByRole("list", { name: /What happened/ })).getAllByRole("listitem");
}

test("two opens are two entries, each with how long it was read", async () => {
  const entries = await showTimeline(
    timeline([
      event({ smtp_response: "250 2.0.0 OK", host: "192.0.2.25" }),
      opened({ read_secs: 15 }),
      opened({ read_secs: 30, class: "direct_open" }, "2026-11-25T08:00:00.000Z"),
    ]),
  );

  expect(entries).toHaveLength(3);
  expect(entries[0]).toHaveTextContent("192.0.2.25 answered: 250 2.0.0 OK");
  expect(entries[1]).toHaveTextContent("Opened in Thunderbird.");
  expect(entries[1]).toHaveTextContent("Read for at least 15 s.");
  expect(entries[1]).toHaveTextContent("Ulm, Germany");
  expect(entries[1]).toHaveTextContent("Direct open, very sure (95%)");
  expect(entries[2]).toHaveTextContent("Read for 30 s or longer");
});

test.each([
  [{ read_secs: 15, read_milliseconds: 17_250 }, "Read for at least 17 s."],
  [{ read_secs: 0 }, "Read for less than 5 s"],
  [{ class: "proxied_open" }, "the provider loaded the image in the reader's place"],
  [{ class: "privacy_prefetch" }, "It was loaded without a reader"],
  [{ class: "bot" }, "Machines do not read"],
  [{ witness: "access_log" }, "only the access log saw this open"],
] as const)("an open with %o says: %s", async (known, said) => {
  const [entry] = await showTimeline(timeline([opened(known)]));

  expect(entry).toHaveTextContent(said);
});

test("a prefetch says nothing about a reader", async () => {
  const [entry] = await showTimeline(
    timeline([opened({ class: "privacy_prefetch", human_probability: null })]),
  );

  expect(within(entry!).getByTitle(/It says nothing about a reader/)).toHaveTextContent("Privacy prefetch");
  expect(entry).toHaveTextContent("Shown to a personCannot be known");
});

test("a mail that is not tracked says why in both tabs", async () => {
  await showTimeline(timeline([event()], { untracked_reason: "plain_text", placement: null }));

  expect(screen.getByText(/It is plain text, which has no images/)).toBeVisible();
  await userEvent.click(screen.getByRole("tab", { name: "Details" }));
  expect(screen.getByText(/It is plain text, which has no images/)).toBeVisible();
  expect(screen.queryByText("No open")).toBeNull();
});

test("the details say what the opens come to", async () => {
  showDelivery(
    timeline([opened()], {
      evidence: "prefetch_only",
      opens: { privacy_prefetch: 2 },
      first_prefetch_at: "2026-11-24T13:01:14.000Z",
    }),
  );

  expect(await screen.findByText("Prefetched only")).toBeVisible();
  expect(screen.getByText(/2 ×/)).toHaveTextContent("Privacy prefetch");
  expect(screen.getByText("Shop <news@example.com>")).toBeVisible();
});

test("why a mail was rejected or bounced is told", async () => {
  const entries = await showTimeline(
    timeline([
      event({ event: "rejected", reason: "Bad content", error: "Bad content" }),
      event({ event: "hard-bounced", smtp_response: "550 5.1.1 no such user" }),
    ]),
  );

  expect(entries[0]).toHaveTextContent("Reason: Bad content");
  expect(entries[1]).toHaveTextContent("The mail server answered: 550 5.1.1 no such user");
});

test("a mail that there is not any more is said to be gone", async () => {
  showDelivery(() => {
    throw new Refused(404, "There is no mail 06h0r9co15h30phg2640, or it is not kept any more.");
  });

  expect(await screen.findByText(/it is not kept any more/)).toBeVisible();
});

test("each reason that the documentation has is said in plain words", () => {
  const documented = readFileSync("../docs/injection.md", "utf8");
  const [, table = ""] = /\| reason \| meaning \|\n([^]*?)\n\n/.exec(documented) ?? [];
  const reasons = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, reason]) => reason!);

  expect(reasons.length).toBeGreaterThan(10);
  expect(reasons.filter((reason) => whyUntracked(reason).startsWith("The reason is"))).toEqual([]);
});
