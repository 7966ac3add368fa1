import { screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { answering, Refused, show, type Answers } from "../testing/page";
import type { Notification } from "./calls";
import { NO_CREDENTIALS, webhook } from "./examples";
import Webhook from "./webhook";

function failure(id: string, more: Partial<Notification> = {}): Notification {
  return {
    notification_id: id,
    status: "failed",
    event: "open",
    email_id: "06h0r9co15h30phg2640",
    rcpt: `${id}@example.org`,
    event_at: "2026-11-24T13:01:14.911Z",
    attempts: 11,
    last_attempt_at: "2026-11-26T13:07:31.402Z",
    last_result: "answered 503",
    next_attempt_at: null,
    content_type: "application/json",
    body: `{"rcpt": "${id}@example.org"}`,
    ...more,
  };
}

function showFailures(answers: Answers, status: "active" | "disabled" = "active") {
  answering({ "/v3/webhook/view": [webhook({ status })], ...NO_CREDENTIALS, ...answers });
  show(Webhook, "/settings/webhooks/:id", "/settings/webhooks/1?tab=failures");
}

function pageOf(...notifications: Notification[]) {
  return { "/v3/webhook/failures": { continue_token: null, notifications } };
}

async function choose(name: string) {
  const people = userEvent.setup();
  await people.click(await screen.findByRole("checkbox", { name }));
  return people;
}

test("a failure says what was to be told, to whom it was about, and why it failed", async () => {
  showFailures(pageOf(failure("olga")));

  const line = (await screen.findByText("olga@example.org")).closest("tr")!;

  expect(within(line).getByText("answered 503")).toBeVisible();
  expect(within(line).getByText("Not by itself")).toBeVisible();
  await userEvent.click(within(line).getByRole("button", { name: "What is sent: Opened" }));
  expect(screen.getByText(/"rcpt": "olga@example.org"/)).toBeVisible();
});

test("those that are chosen are retried in one call", async () => {
  const retry = vi.fn(() => ({ retried: 2, more: false }));
  showFailures({ ...pageOf(failure("a"), failure("b"), failure("c")), "/v3/webhook/retry": retry });

  const people = await choose("Choose Opened, a@example.org");
  await people.click(screen.getByRole("checkbox", { name: "Choose Opened, c@example.org" }));
  await people.click(screen.getByRole("button", { name: "Retry" }));

  expect(await screen.findByText(/2 notifications are sent again/)).toBeVisible();
  expect(retry).toHaveBeenCalledExactlyOnceWith({ id: 1, notification_ids: ["a", "c"] }, "POST");
});

test("a cancellation is asked about first", async () => {
  const cancel = vi.fn(() => ({ cancelled: 1, more: false }));
  showFailures({ ...pageOf(failure("a")), "/v3/webhook/cancel": cancel });

  const people = await choose("Choose Opened, a@example.org");
  await people.click(screen.getByRole("button", { name: "Cancel" }));
  expect(cancel).not.toHaveBeenCalled();
  await people.click(screen.getByRole("button", { name: "Cancel them" }));

  expect(await screen.findByText("1 notification is cancelled.")).toBeVisible();
  expect(cancel).toHaveBeenCalledWith({ id: 1, notification_ids: ["a"] }, "POST");
});

test("all that failed are retried, however many calls that takes", async () => {
  const people = userEvent.setup();
  const retry = vi.fn().mockReturnValueOnce({ retried: 1000, more: true });
  retry.mockReturnValue({ retried: 5, more: false });
  showFailures({ ...pageOf(failure("a")), "/v3/webhook/retry": retry });

  await people.click(await screen.findByRole("button", { name: "All" }));
  await people.click(screen.getByRole("menuitem", { name: "Retry all that failed" }));
  const dialog = screen.getByRole("dialog", { name: "Retry notifications" });
  await people.click(within(dialog).getByRole("button", { name: "Retry" }));

  expect(await screen.findByText(/^1,005 notifications are sent again/)).toBeVisible();
  expect(retry).toHaveBeenCalledWith({ id: 1, notification_ids: null }, "POST");
});

test("a refused retry is said, and the choice stays", async () => {
  showFailures({
    ...pageOf(failure("a")),
    "/v3/webhook/retry": () => {
      throw new Refused(400, "notification_ids: webhook/failures does not list a");
    },
  });

  const people = await choose("Choose Opened, a@example.org");
  await people.click(screen.getByRole("button", { name: "Retry" }));

  expect(await screen.findByText(/does not list a/)).toBeVisible();
  expect(screen.getByRole("checkbox", { name: "Choose Opened, a@example.org" })).toBeChecked();
});

test("the next page is asked for with the token of the one before", async () => {
  const people = userEvent.setup();
  showFailures({
    "/v3/webhook/failures": ({ continue_token: token }) =>
      token === "next"
        ? { continue_token: null, notifications: [failure("second")] }
        : { continue_token: "next", notifications: [failure("first")] },
  });

  await screen.findByText("first@example.org");
  await people.click(screen.getByRole("button", { name: "Next page" }));

  expect(await screen.findByText("second@example.org")).toBeVisible();
  expect(screen.queryByText("first@example.org")).not.toBeInTheDocument();
});

test("a disabled webhook's failures cannot be retried, but cancelled", async () => {
  showFailures(pageOf(failure("a")), "disabled");

  await choose("Choose Opened, a@example.org");

  await waitFor(() => expect(screen.getByRole("button", { name: "Cancel" })).toBeEnabled());
  expect(screen.getByRole("button", { name: "Retry" })).toHaveAttribute("aria-disabled", "true");
});

test("where nothing has failed, the page says so", async () => {
  showFailures(pageOf());

  expect(await screen.findByText("Nothing has failed")).toBeVisible();
});

test("an answer that cannot be had is not taken for an empty one", async () => {
  showFailures({
    "/v3/webhook/failures": () => {
      throw new Refused(400, "They cannot be listed.");
    },
  });

  expect(await screen.findByText("They cannot be listed.")).toBeVisible();
  expect(screen.queryByText("Nothing has failed")).toBeNull();
});
