import { screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { answering, pending, Refused, show, type Answers } from "../testing/page";
import type { Webhook as Shown } from "./calls";
import { NO_CREDENTIALS, webhook } from "./examples";
import Webhook from "./webhook";

function showWebhook(shown: Shown, answers: Answers = {}) {
  answering({ "/v3/webhook/view": [shown], ...NO_CREDENTIALS, ...answers });
  return show(Webhook, "/settings/webhooks/:id", "/settings/webhooks/1");
}

test("an edit says only what was changed, and keeps the authorization that is stored", async () => {
  const people = userEvent.setup();
  const edit = vi.fn(() => webhook({ headers: ["X-Campaign"] }));
  showWebhook(webhook({ auth_header_type: "bearer", auth_header_value: "********" }), {
    "/v3/webhook/edit": edit,
  });

  await people.type(await screen.findByLabelText("Headers of the mail"), "X-Campaign");
  expect(screen.getByLabelText("Token")).toHaveValue("");
  await people.click(screen.getByRole("button", { name: "Save" }));

  expect(await screen.findByText("Saved.")).toBeVisible();
  expect(edit).toHaveBeenCalledWith({ id: 1, headers: ["X-Campaign"] }, "POST");
});

test("another URL asks for the authorization again, and a refusal leaves what was entered", async () => {
  const people = userEvent.setup();
  showWebhook(webhook({ auth_header_type: "bearer", auth_header_value: "********" }), {
    "/v3/webhook/edit": () => {
      throw new Refused(400, "auth_header_value: the URL is another");
    },
  });

  await people.type(await screen.findByLabelText("URL"), "/new");
  expect(screen.getByText(/Enter it again/)).toBeVisible();
  await people.click(screen.getByRole("button", { name: "Save" }));

  expect(await screen.findByText(/the URL is another/)).toBeVisible();
  expect(screen.getByLabelText("URL")).toHaveValue("https://example.com/hook/new");
});

test("the secret is rotated only after a question, and shown once", async () => {
  const people = userEvent.setup();
  const rotate = vi.fn(() => ({
    id: 1,
    secret: "whsec_new",
    old_secret_valid_until: "2026-11-25T13:01:14.482Z",
  }));
  showWebhook(webhook(), { "/v3/webhook/rotate_secret": rotate });

  await people.click(await screen.findByRole("button", { name: "Rotate the secret" }));
  expect(rotate).not.toHaveBeenCalled();
  await people.click(screen.getByRole("button", { name: "Rotate" }));

  const shown = await screen.findByRole("dialog", { name: "The new secret" });
  expect(within(shown).getByText("whsec_new")).toBeVisible();
  expect(within(shown).getByText(/signed with the secret before/)).toBeVisible();
  await people.click(within(shown).getByRole("button", { name: "Done" }));
  expect(screen.queryByText("whsec_new")).not.toBeInTheDocument();
});

test("a disabled webhook says why, and can be enabled", async () => {
  const people = userEvent.setup();
  const enable = vi.fn(() => webhook());
  showWebhook(webhook({ status: "disabled" }), { "/v3/webhook/enable": enable });

  expect(await screen.findByText(/answered 410/)).toBeVisible();
  await people.click(screen.getByRole("button", { name: "Enable" }));

  expect(await screen.findByText(/The webhook is enabled/)).toBeVisible();
  expect(enable).toHaveBeenCalledWith({ id: 1 }, "POST");
});

test("a test shows what was answered", async () => {
  const people = userEvent.setup();
  showWebhook(webhook({ events: ["bounce"] }), {
    "/v3/webhook/test": ({ event }) => ({ notification_id: `msg_${String(event)}` }),
    "/v3/webhook/attempts": ({ notification_id: id }) => [
      {
        notification_id: id as string,
        event: "bounce",
        at: "2026-11-24T13:40:02.310Z",
        milliseconds: 184,
        status: 503,
        error: null,
        answer: `upstream got ${String(id)}`,
      },
    ],
  });

  await people.click(await screen.findByRole("button", { name: "Send a test" }));
  await people.click(screen.getByRole("button", { name: "Send" }));

  const shown = await screen.findByRole("dialog", { name: "The test" });
  expect(await within(shown).findByText("503")).toBeVisible();
  expect(within(shown).getByText("184 ms")).toBeVisible();
  expect(within(shown).getByText("upstream got msg_bounce")).toBeVisible();
});

test("an address without a webhook leads back to all of them", async () => {
  answering({ "/v3/webhook/view": [] });

  show(Webhook, "/settings/webhooks/:id", "/settings/webhooks/7");

  expect(await screen.findByText("There is no webhook 7")).toBeVisible();
  expect(screen.getByRole("link", { name: "All webhooks" })).toBeVisible();
});

test("what is entered while a change is saved stays", async () => {
  const people = userEvent.setup();
  const edited = pending<Shown>();
  showWebhook(webhook(), { "/v3/webhook/edit": () => edited.promise });

  await people.type(await screen.findByLabelText("Headers of the mail"), "X-One");
  await people.click(screen.getByRole("button", { name: "Save" }));
  await people.type(screen.getByLabelText("Headers of the mail"), "{Enter}X-Two");
  edited.answer(webhook({ headers: ["X-One"] }));

  expect(await screen.findByText("Saved.")).toBeVisible();
  expect(screen.getByLabelText("Headers of the mail")).toHaveValue("X-One\nX-Two");
});

test("attempts that cannot be had are not taken for none", async () => {
  answering({
    "/v3/webhook/view": [webhook()],
    "/v3/webhook/attempts": () => {
      throw new Refused(400, "They cannot be listed.");
    },
  });

  show(Webhook, "/settings/webhooks/:id", "/settings/webhooks/1?tab=attempts");

  expect(await screen.findByText("They cannot be listed.")).toBeVisible();
  expect(screen.queryByText(/Nothing was sent/)).toBeNull();
});

test("a removal leads back to all, also where the page finds it gone before the answer comes", async () => {
  const people = userEvent.setup();
  const removed = pending<Shown>();
  let isThere = true;
  const router = showWebhook(webhook(), {
    "/v3/webhook/view": () => (isThere ? [webhook()] : []),
    "/v3/webhook/remove": () => removed.promise,
  });

  await people.click(await screen.findByRole("button", { name: "Remove" }));
  const dialog = screen.getByRole("dialog", { name: "Remove webhook" });
  await people.click(within(dialog).getByRole("button", { name: "Remove" }));
  isThere = false;
  const clock = vi.spyOn(Date, "now").mockReturnValue(Date.now() + 60_000);
  window.dispatchEvent(new Event("visibilitychange"));
  await screen.findByText("There is no webhook 1");
  clock.mockRestore();
  removed.answer(webhook());

  await waitFor(() => expect(router.state.location.pathname).toBe("/settings/webhooks"));
});
