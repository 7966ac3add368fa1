import { screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { beforeEach, expect, test, vi } from "vitest";
import type { Schemas } from "../../api/calls";
import { answering, Refused, show, type Answers } from "../../testing/page";
import Activity from "./activity";
import { CREDENTIALS, event, opened, page, timeline } from "./examples";
import { PAGE } from "./filter";

vi.mock("../../session/settings", () => ({
  settings: () => ({ smtp: { host: "smtp.example.com", port: 587, tlsPort: 465 } }),
}));

type Answering = (asked: Schemas["Search"]) => Schemas["ActivityPage"];

let asked: Schemas["Search"][];

beforeEach(() => {
  asked = [];
});

function finding(find: Answering, more: Answers = {}): void {
  answering({
    ...(CREDENTIALS as Answers),
    "/v3/activity/search": (question) => {
      asked.push(question);
      return find(question);
    },
    ...more,
  });
}

function showActivity(search = "") {
  return show(Activity, PAGE, PAGE + search);
}

test("an event has a line with its mail, its credential's page and what kind of open it is", async () => {
  finding(() => page([opened({ class: "privacy_prefetch" }), event()]));

  showActivity();

  const [line] = (await screen.findAllByRole("link", { name: "olga@example.org" })).map((link) =>
    link.closest("tr")!,
  );
  expect(within(line!).getByText("Loaded")).toBeVisible();
  expect(within(line!).getByText("Privacy prefetch")).toBeVisible();
  expect(within(line!).getByText("Hello")).toBeVisible();
  expect(await within(line!).findByRole("link", { name: "newsletter" })).toHaveAttribute(
    "href",
    "#/sending/smtp-users/newsletter",
  );
});

test("the address says what the API is asked", async () => {
  finding(() => page([]));

  showActivity(
    "?find=olga&event=opened&event=delivered&credential=gone&class=bot&size=500" +
      "&from=2026-11-24T00:00:00%2B01:00&until=2026-11-24T23:59:59%2B01:00",
  );

  await waitFor(() => expect(asked).toHaveLength(1));
  expect(asked[0]).toEqual({
    search: "olga",
    event_types: ["delivered", "opened"],
    search_usernames: ["gone"],
    open_classes: ["bot"],
    start_date: "2026-11-23T23:00:00.000Z",
    end_date: "2026-11-24T23:00:00.000Z",
    limit: 500,
  });
});

test("what is chosen is in the address, and Back takes it away", async () => {
  const people = userEvent.setup();
  finding(() => page([event()]));
  const router = showActivity();

  await people.type(await screen.findByLabelText("Find"), "olga");
  await waitFor(() => expect(router.state.location.search).toBe("?find=olga"));
  await waitFor(() => expect(asked.at(-1)).toMatchObject({ search: "olga" }));
  await router.navigate(-1);

  await waitFor(() => expect(screen.getByLabelText("Find")).toHaveValue(""));
  expect(router.state.location.search).toBe("");
});

test("a page is followed by the one that its token leads to, of the same search", async () => {
  const people = userEvent.setup();
  finding(({ continue_token }) =>
    continue_token ? page([event({ subject: "Older" })]) : page([event({ subject: "Newer" })], "a-token"),
  );
  showActivity("?find=olga");

  await screen.findByText("Newer");
  expect(screen.getByText("(1+)")).toBeVisible();
  await people.click(screen.getByRole("button", { name: "Next page" }));

  await screen.findByText("Older");
  expect(screen.queryByText("Newer")).toBeNull();
  expect(asked[1]).toEqual({ ...asked[0], continue_token: "a-token" });
  await people.click(screen.getByRole("button", { name: "Previous page" }));
  expect(await screen.findByText("Newer")).toBeVisible();
  expect(asked).toHaveLength(2);
});

test("pages without events are passed by", async () => {
  finding(({ continue_token: token = "" }) =>
    token === "aa" ? page([event()]) : page([], `${token ?? ""}a`),
  );

  showActivity();

  expect(await screen.findByText("Hello")).toBeVisible();
  expect(asked.map(({ continue_token }) => continue_token)).toEqual([undefined, "a", "aa"]);
});

test("a search that has looked through much without finding anything asks before it goes on", async () => {
  const people = userEvent.setup();
  finding(() => (asked.length > 5 ? page([event()]) : page([], "a-token")));
  showActivity("?find=olga");

  await people.click(await screen.findByRole("button", { name: "Look further back" }));

  expect(await screen.findByText("Hello")).toBeVisible();
  expect(asked).toHaveLength(6);
});

test("where nothing happened, the page says how a first mail is sent", async () => {
  finding(() => page([]));

  showActivity();

  expect(await screen.findByText("Nothing happened in this time")).toBeVisible();
  expect(screen.getByLabelText("the SMTP command")).toHaveTextContent(
    /swaks --server smtp.example.com:587 .*--auth-user 'newsletter'/,
  );
  expect(screen.getByLabelText("the API command")).toHaveTextContent(/curl .*\/v3\/email\/send/);
});

test("where nothing matches, the filter can be cleared", async () => {
  const people = userEvent.setup();
  finding(({ event_types }) => (event_types ? page([]) : page([event()])));
  const router = showActivity("?event=spam");

  await screen.findByText("Nothing matches");
  await people.click(screen.getAllByRole("button", { name: "Clear filter" })[0]!);

  expect(await screen.findByText("Hello")).toBeVisible();
  expect(router.state.location.search).toBe("");
});

test("what the API refuses is said, and can be tried again", async () => {
  const people = userEvent.setup();
  finding(() => {
    if (asked.length === 1) {
      throw new Refused(400, "search: it is too long");
    }
    return page([event()]);
  });
  showActivity();

  expect(await screen.findByText("search: it is too long")).toBeVisible();
  await people.click(screen.getByRole("button", { name: "Try again" }));

  expect(await screen.findByText("Hello")).toBeVisible();
});

test("refreshing asks for the first page anew", async () => {
  const people = userEvent.setup();
  finding(() => page([event({ subject: `Answer ${asked.length}` })]));
  showActivity();

  await screen.findByText("Answer 1");
  await people.click(screen.getByRole("button", { name: "Refresh" }));

  expect(await screen.findByText("Answer 2")).toBeVisible();
});

test("a recipient's address shows the delivery beside the table, and Escape puts the reader back", async () => {
  const people = userEvent.setup();
  finding(() => page([event()]), { "/v3/activity/timeline": timeline([event()]) });
  const router = showActivity("?event=delivered");

  await people.click(await screen.findByRole("link", { name: "olga@example.org" }));

  expect(await screen.findByRole("tab", { name: "Timeline" })).toBeVisible();
  expect(router.state.location.search).toBe(
    "?event=delivered&mail=06h0r9co15h30phg2640&recipient=olga%40example.org",
  );
  await people.keyboard("{Escape}");
  await waitFor(() => expect(router.state.location.search).toBe("?event=delivered"));
  expect(screen.queryByRole("tab", { name: "Timeline" })).toBeNull();
  expect(screen.getByRole("link", { name: "olga@example.org" })).toHaveFocus();
});

test("what is typed while the address changes is not lost", async () => {
  const people = userEvent.setup();
  finding(() => page([event()]));
  const router = showActivity();
  const field = await screen.findByLabelText("Find");

  await people.type(field, "ol");
  await waitFor(() => expect(router.state.location.search).toBe("?find=ol"));
  // The address is known to the router before the page is drawn with it.
  await people.type(field, "ga");

  await waitFor(() => expect(router.state.location.search).toBe("?find=olga"));
  expect(field).toHaveValue("olga");
});

test("Back leads to before a text, not to each pause in writing it", async () => {
  const people = userEvent.setup();
  finding(() => page([event()]));
  const router = showActivity();

  await people.type(await screen.findByLabelText("Find"), "ol");
  await waitFor(() => expect(router.state.location.search).toBe("?find=ol"));
  await people.type(screen.getByLabelText("Find"), "ga");
  await waitFor(() => expect(router.state.location.search).toBe("?find=olga"));
  await router.navigate(-1);

  await waitFor(() => expect(screen.getByLabelText("Find")).toHaveValue(""));
});

test("a search that comes to what it was leaves no address behind for Back", async () => {
  const people = userEvent.setup();
  finding(() => page([event()]));
  const router = showActivity();
  const visited: unknown[] = [];
  router.subscribe(({ location }) => visited.push(location.search));

  await people.type(await screen.findByLabelText("Find"), "o{Backspace}");
  await new Promise((resolve) => setTimeout(resolve, 600));

  expect(visited).toEqual([]);
});

test("where a refresh fails, the page does not say that it is as of now", async () => {
  const people = userEvent.setup();
  const clock = vi.spyOn(Date, "now").mockReturnValue(Date.parse("2026-11-24T12:00:00Z"));
  finding(() => {
    if (asked.length > 1) {
      throw new Refused(400, "It is too much.");
    }
    return page([event()]);
  });
  showActivity();
  const before = (await screen.findByText(/^As of/)).textContent;
  clock.mockReturnValue(Date.parse("2026-11-24T13:05:00Z"));

  await people.click(screen.getByRole("button", { name: "Refresh" }));

  expect(await screen.findByText("It is too much.")).toBeVisible();
  expect(screen.getByText(/^As of/)).toHaveTextContent(before);
  clock.mockRestore();
});
