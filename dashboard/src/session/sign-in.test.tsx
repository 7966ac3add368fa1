import { render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { confirmResetPassword } from "aws-amplify/auth";
import { expect, test, vi } from "vitest";
import SignIn from "./sign-in";

vi.mock("aws-amplify/auth", async (original) => ({
  ...(await original<object>()),
  resetPassword: vi.fn(),
  confirmResetPassword: vi.fn(),
}));

test("a forgotten password is exchanged by a code, and what comes next is said", async () => {
  const people = userEvent.setup();
  render(<SignIn />);

  await people.click(screen.getByRole("button", { name: "Forgotten password" }));
  await people.type(screen.getByLabelText("User name"), " olga ");
  await people.click(screen.getByRole("button", { name: "Send the code" }));
  await people.type(await screen.findByLabelText("Code"), "123456");
  await people.type(screen.getByLabelText("New password"), "a-New-password1");
  await people.click(screen.getByRole("button", { name: "Save" }));

  expect(await screen.findByText("The password is saved. Sign in with it.")).toBeVisible();
  expect(screen.getByLabelText("User name")).toHaveValue(" olga ");
  expect(confirmResetPassword).toHaveBeenCalledWith({
    username: "olga",
    confirmationCode: "123456",
    newPassword: "a-New-password1",
  });
});
