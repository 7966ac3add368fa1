import { screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import type { Schemas } from "../api/calls";
import { answering, Refused, show } from "../testing/page";
import { NO_CREDENTIALS, webhook } from "./examples";
import Webhooks from "./webhooks";

const SECRET = "whsec_PJb12rG8edfowWmY3qHuZeJXmiCI84N6RvmdPXZZ0y0=";

async function enterUrl(url: string) {
  const people = userEvent.setup();
  await people.click((await screen.findAllByRole("button", { name: "Add webhook" }))[0]!);
  await people.type(screen.getByLabelText("URL"), url);
  await people.click(screen.getByRole("button", { name: "Add" }));
  return people;
}

test("each webhook has a line that says what it is told of, and how it is", async () => {
  answering({
    "/v3/webhook/view": [
      webhook({ url: "https://example.com/fine" }),
      webhook({
        id: 2,
        url: "https://example.com/gone",
        events: ["open", "bounce"],
        usernames: ["newsletter"],
        status: "disabled",
        failing_since: "2026-11-22T09:14:03.118Z",
      }),
    ],
  });

  show(Webhooks);

  const line = (await screen.findByRole("link", { name: "https://example.com/gone" })).closest("tr")!;
  expect(within(line).getByText("Opened, Bounced")).toBeVisible();
  expect(within(line).getByText("newsletter")).toBeVisible();
  expect(within(line).getByText("Disabled")).toBeVisible();
  expect(within(line).getByText(/Failing since/)).toBeVisible();
});

test("where there is none, the page says what a webhook is for", async () => {
  answering({ "/v3/webhook/view": [] });

  show(Webhooks);

  expect(await screen.findByText("No webhooks yet")).toBeVisible();
});

test("a new webhook's secret is shown once, with a way to check signatures", async () => {
  const add = vi.fn((): Schemas["AddedWebhook"] => ({ ...webhook(), secret: SECRET }));
  answering({ "/v3/webhook/view": [], ...NO_CREDENTIALS, "/v3/webhook/add": add });
  show(Webhooks);

  const people = await enterUrl("https://example.com/hook");

  const shown = await screen.findByRole("dialog", { name: "The webhook is added" });
  expect(within(shown).getByText(SECRET)).toBeVisible();
  expect(within(shown).getByText(/from standardwebhooks import Webhook/)).toBeVisible();
  expect(add).toHaveBeenCalledWith(
    expect.objectContaining({ url: "https://example.com/hook", events: ["open"], auth_header_type: "" }),
    "POST",
  );

  await people.click(within(shown).getByRole("button", { name: "Done" }));

  expect(screen.queryByText(SECRET)).not.toBeInTheDocument();
});

test("what the API refuses is said in the dialog, and what was entered stays", async () => {
  answering({
    "/v3/webhook/view": [],
    ...NO_CREDENTIALS,
    "/v3/webhook/add": () => {
      throw new Refused(400, "url: 10.0.0.1 is no public address");
    },
  });
  show(Webhooks);

  await enterUrl("https://10.0.0.1/hook");

  expect(await screen.findByText(/no public address/)).toBeVisible();
  expect(screen.getByLabelText("URL")).toHaveValue("https://10.0.0.1/hook");
});

test("a webhook is removed only after a question", async () => {
  const people = userEvent.setup();
  const remove = vi.fn(() => webhook());
  answering({ "/v3/webhook/view": [webhook()], "/v3/webhook/remove": remove });
  show(Webhooks);

  await people.click(await screen.findByRole("checkbox", { name: `Choose ${webhook().url}` }));
  await people.click(screen.getByRole("button", { name: "Remove" }));
  expect(remove).not.toHaveBeenCalled();
  const dialog = screen.getByRole("dialog", { name: "Remove webhook" });
  await people.click(within(dialog).getByRole("button", { name: "Remove" }));

  expect(await screen.findByText(/^Removed the webhook/)).toBeVisible();
  expect(remove).toHaveBeenCalledWith({ id: 1 }, "POST");
});

test("an answer that cannot be had is not taken for an empty one", async () => {
  answering({
    "/v3/webhook/view": () => {
      throw new Refused(403, "You may not see this.");
    },
  });

  show(Webhooks);

  expect(await screen.findByText("You may not see this.")).toBeVisible();
  expect(screen.queryByText("No webhooks yet")).toBeNull();
});
