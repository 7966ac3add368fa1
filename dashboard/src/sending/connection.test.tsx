import { render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { SmtpCommand } from "./connection";

vi.mock("../session/settings", () => ({ settings: () => ({}) }));

test("a login with a quote in it is still one word to the shell", () => {
  render(<SmtpCommand account={{ username: "o'brien", password: "it's $secret", host: null }} />);

  const command = screen.getByLabelText("the SMTP command");
  expect(command).toHaveTextContent(String.raw`--auth-user 'o'\''brien' --auth-password 'it'\''s $secret'`);
});
