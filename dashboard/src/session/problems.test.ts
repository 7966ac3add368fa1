import { AuthError } from "aws-amplify/auth";
import { expect, test } from "vitest";
import { problem } from "./problems";

const REFUSED = new AuthError({ name: "NotAuthorizedException", message: "Invalid session for the user." });

test("a refusal is about the password only where one was asked for", () => {
  expect(problem(REFUSED, "password")).toBe("The user name or the password is wrong.");
  expect(problem(REFUSED, "totp")).toBe("That took too long. Go back, and sign in again.");
});

test("what is not known is said in the pool's own words", () => {
  const unknown = new AuthError({ name: "InvalidPasswordException", message: "It needs a digit." });

  expect(problem(unknown, "newPassword")).toBe("It needs a digit.");
});
