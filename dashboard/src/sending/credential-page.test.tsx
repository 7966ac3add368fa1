import { screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import type { Schemas } from "../api/calls";
import { answering, pending, Refused, show, type Answers } from "../testing/page";
import ApiKey from "./api-key";
import { address, SMTP_USERS } from "./kinds";
import SmtpUser from "./smtp-user";

vi.mock("../session/settings", () => ({
  settings: () => ({ smtp: { host: "smtp.example.com", port: 587, tlsPort: 465 } }),
}));

const COMMON = {
  description: "",
  open_tracking_enabled: true,
  status: "allowed",
  custom_ratelimit: false,
  custom_ratelimit_value: null,
  custom_ratelimit_period: "0:00:00",
} as const;

function showUser(username: string, answers: Answers = {}, search = "") {
  answering({
    "/v3/users/smtp/view": {
      results: [{ ...COMMON, username } as Schemas["ShownSmtpUser"]],
      default_ratelimit_value: 0,
      default_ratelimit_period: "unlimited",
    },
    ...answers,
  });
  return show(SmtpUser, `${SMTP_USERS.page}/:id`, address(SMTP_USERS, username) + search);
}

function edits() {
  return vi.fn(() => ({ results: [] }));
}

test.each(["team/news", "a#b?c%d&e", "o'brien+x@example.com"])(
  "a user of the name %s has a page, whose tabs are of the same user",
  async (username) => {
    const people = userEvent.setup();
    const router = showUser(username);

    await people.click(await screen.findByRole("tab", { name: "Tracking & Status" }));

    expect(screen.getByRole("heading", { level: 1, name: username })).toBeVisible();
    expect(screen.getByRole("radiogroup", { name: "Status" })).toBeVisible();
    expect(router.state.location.search).toBe("?tab=tracking");
  },
);

test("an address with a tab that there is none of shows the details", async () => {
  showUser("newsletter", {}, "?tab=nothing");

  expect(await screen.findByLabelText("Description")).toBeVisible();
});

test("what is being entered stays while somebody looks at another tab", async () => {
  const people = userEvent.setup();
  showUser("newsletter");

  await people.type(await screen.findByLabelText("Description"), "the shop");
  await people.click(screen.getByRole("tab", { name: "Tracking & Status" }));
  await people.click(screen.getByRole("tab", { name: "Details" }));

  expect(screen.getByLabelText("Description")).toHaveValue("the shop");
});

test("an edit says only what was changed", async () => {
  const people = userEvent.setup();
  const edit = edits();
  showUser("newsletter", { "/v3/users/smtp/edit": edit });

  await people.type(await screen.findByLabelText("Description"), "the shop");
  await people.click(screen.getByRole("button", { name: "Save" }));

  expect(await screen.findByText("Saved.")).toBeVisible();
  expect(edit).toHaveBeenCalledExactlyOnceWith({ username: "newsletter", description: "the shop" }, "PATCH");
});

test("what was done is announced", async () => {
  const people = userEvent.setup();
  showUser("newsletter", { "/v3/users/smtp/edit": edits() });

  await people.click(await screen.findByRole("button", { name: "Save" }));

  expect((await screen.findByText("Saved.")).closest('[role="status"]')).not.toBeNull();
});

test("a limit is turned on with its number and its period", async () => {
  const people = userEvent.setup();
  const edit = edits();
  showUser("newsletter", { "/v3/users/smtp/edit": edit });

  await people.click(await screen.findByRole("checkbox", { name: "Sending limit" }));
  await people.clear(screen.getByLabelText("Recipients"));
  await people.type(screen.getByLabelText("Recipients"), "250");
  await people.click(screen.getByRole("button", { name: "Save" }));

  expect(await screen.findByText("Saved.")).toBeVisible();
  expect(edit).toHaveBeenCalledWith(
    {
      username: "newsletter",
      custom_ratelimit: true,
      custom_ratelimit_value: 250,
      custom_ratelimit_period: "1 day",
    },
    "PATCH",
  );
});

test("no password is no new password", async () => {
  const people = userEvent.setup();
  const edit = edits();
  showUser("newsletter", { "/v3/users/smtp/edit": edit });

  await people.click(await screen.findByRole("button", { name: "New password" }));
  await people.click(screen.getByRole("button", { name: "Change" }));

  expect(await screen.findByText("Enter the new password.")).toBeVisible();
  expect(edit).not.toHaveBeenCalled();
});

test("a status counts once it is saved, not on the way to it", async () => {
  const people = userEvent.setup();
  const edit = edits();
  showUser("newsletter", { "/v3/users/smtp/edit": edit }, "?tab=tracking");

  await people.click(await screen.findByRole("radio", { name: /^Blocked/ }));
  await people.click(screen.getByRole("radio", { name: /^Sandbox/ }));
  expect(edit).not.toHaveBeenCalled();
  await people.click(screen.getByRole("button", { name: "Save" }));

  expect(await screen.findByText("The status is sandbox.")).toBeVisible();
  expect(edit).toHaveBeenCalledExactlyOnceWith({ username: "newsletter", status: "sandbox" }, "PATCH");
});

test("the switch keeps the focus while it is saved, and goes back where it is refused", async () => {
  const people = userEvent.setup();
  const edit = pending<never>();
  showUser("newsletter", { "/v3/users/smtp/edit": () => edit.promise }, "?tab=tracking");

  const toggle = await screen.findByRole("checkbox", { name: "Open Tracking" });
  await people.click(toggle);
  await waitFor(() => expect(toggle).not.toBeChecked());
  expect(toggle).toBeEnabled();
  expect(toggle).toHaveFocus();
  edit.refuse(new Refused(400, "It is not allowed."));

  expect(await screen.findByRole("alert")).toHaveTextContent("It is not allowed.");
  expect(toggle).toBeChecked();
});

test("a removal leads back to all, and says what is gone", async () => {
  const people = userEvent.setup();
  let isThere = true;
  const router = showUser("team/news", {
    "/v3/users/smtp/view": () => ({
      results: isThere ? [{ ...COMMON, username: "team/news" } as Schemas["ShownSmtpUser"]] : [],
      default_ratelimit_value: 0,
      default_ratelimit_period: "unlimited",
    }),
    "/v3/users/smtp/remove": ({ username }) => {
      isThere = username !== "team/news";
      return { results: [] };
    },
  });

  await people.click(await screen.findByRole("button", { name: "Remove" }));
  const dialog = screen.getByRole("dialog", { name: "Remove SMTP user" });
  await people.click(within(dialog).getByRole("button", { name: "Remove" }));

  await waitFor(() => expect(router.state.location.pathname).toBe(SMTP_USERS.page));
});

test("what was chosen for one API key is not saved for another", async () => {
  const people = userEvent.setup();
  const edit = vi.fn(() => []);
  answering({
    "/v3/api_keys/view": [
      { ...COMMON, username: "api-all", endpoints: ["*"] },
      { ...COMMON, username: "api-mail", endpoints: ["/email/*"] },
    ] as unknown as Schemas["ShownApiKey"][],
    "/v3/api_keys/edit": edit,
  });
  const router = show(ApiKey, "/sending/api-keys/:id", "/sending/api-keys/api-all");

  await screen.findByRole("heading", { level: 1, name: "api-all" });
  await router.navigate("/sending/api-keys/api-mail");
  await screen.findByRole("heading", { level: 1, name: "api-mail" });

  expect(screen.getByText("Send mail")).toBeVisible();
  expect(screen.queryByText("Everything")).toBeNull();
  await people.click(screen.getAllByRole("button", { name: "Save" })[1]!);
  expect(await screen.findByText("Saved.")).toBeVisible();
  expect(edit).toHaveBeenCalledWith({ id: "api-mail", endpoints: ["/email/*"] }, "PATCH");
});
