import { screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import type { Schemas } from "../api/calls";
import { answering, pending, Refused, show } from "../testing/page";
import SmtpUsers from "./smtp-users";

vi.mock("../session/settings", () => ({
  settings: () => ({ smtp: { host: "smtp.example.com", port: 587, tlsPort: 465 } }),
}));

function user(username: string, more: Partial<Schemas["ShownSmtpUser"]> = {}): Schemas["ShownSmtpUser"] {
  return {
    username,
    description: "",
    open_tracking_enabled: true,
    status: "allowed",
    email_password: null,
    smtp_username: null,
    smtp_host: null,
    smtp_price: null,
    ...more,
  } as Schemas["ShownSmtpUser"];
}

function viewed(...results: Schemas["ShownSmtpUser"][]) {
  return {
    "/v3/users/smtp/view": { results, default_ratelimit_value: 0, default_ratelimit_period: "unlimited" },
  } as const;
}

test("each user has a line that says whether its mail is tracked", async () => {
  answering(
    viewed(user("newsletter"), user("invoices", { open_tracking_enabled: false, status: "blocked" })),
  );

  show(SmtpUsers);

  const line = (await screen.findByRole("link", { name: "invoices" })).closest("tr")!;
  expect(within(line).getByText("Off")).toBeVisible();
  expect(within(line).getByText("Blocked")).toBeVisible();
});

test("where there is none, the page says what a user is for", async () => {
  answering(viewed());

  show(SmtpUsers);

  expect(await screen.findByText("No SMTP users yet")).toBeVisible();
});

test("a new user's password is shown once, with the settings", async () => {
  const people = userEvent.setup();
  answering({
    ...viewed(),
    "/v3/users/smtp/add": ({ username }) => ({
      results: [user(username as string, { email_password: "a-password" })],
    }),
  });
  show(SmtpUsers);

  await people.click((await screen.findAllByRole("button", { name: "Add SMTP user" }))[0]!);
  await people.type(screen.getByLabelText("Username"), "newsletter");
  await people.click(screen.getByRole("button", { name: "Add" }));

  const shown = await screen.findByRole("dialog", { name: "newsletter is added" });
  expect(within(shown).getByText("a-password")).toBeVisible();
  expect(within(shown).getByText("smtp.example.com")).toBeVisible();
});

test("what the API refuses is said in the dialog, and what was entered stays", async () => {
  const people = userEvent.setup();
  answering({
    ...viewed(),
    "/v3/users/smtp/add": () => {
      throw new Refused(400, "username: newsletter is there already; edit it");
    },
  });
  show(SmtpUsers);

  await people.click((await screen.findAllByRole("button", { name: "Add SMTP user" }))[0]!);
  await people.type(screen.getByLabelText("Username"), "newsletter");
  await people.click(screen.getByRole("button", { name: "Add" }));

  expect(await screen.findByText(/is there already/)).toBeVisible();
  expect(screen.getByLabelText("Username")).toHaveValue("newsletter");
});

test("an answer that cannot be had is not taken for an empty one", async () => {
  answering({
    "/v3/users/smtp/view": () => {
      throw new Refused(403, "You may not see this.");
    },
  });

  show(SmtpUsers);

  expect(await screen.findByText("You may not see this.")).toBeVisible();
  expect(screen.queryByText("No SMTP users yet")).toBeNull();
});

test("nobody leaves the dialog before the password that is being made is shown", async () => {
  const people = userEvent.setup();
  const made = pending<{ results: Schemas["ShownSmtpUser"][] }>();
  answering({ ...viewed(), "/v3/users/smtp/add": () => made.promise });
  show(SmtpUsers);

  await people.click((await screen.findAllByRole("button", { name: "Add SMTP user" }))[0]!);
  await people.type(screen.getByLabelText("Username"), "newsletter");
  await people.click(screen.getByRole("button", { name: "Add" }));
  await people.click(screen.getByRole("button", { name: "Cancel" }));
  made.answer({ results: [user("newsletter", { email_password: "a-password" })] });

  expect(await screen.findByText("a-password")).toBeVisible();
});

test("who leaves a dialog is where they were before it, and a click beside it leaves nothing", async () => {
  const people = userEvent.setup();
  answering(viewed(user("newsletter")));
  show(SmtpUsers);

  const button = await screen.findByRole("button", { name: "Add SMTP user" });
  await people.click(button);
  await people.type(screen.getByLabelText("Username"), "invoices");
  await people.click(screen.getByRole("dialog"));
  expect(screen.getByLabelText("Username")).toHaveValue("invoices");
  await people.click(screen.getByRole("button", { name: "Cancel" }));

  expect(screen.queryByRole("dialog")).toBeNull();
  expect(button).toHaveFocus();
});
