/** What a person is asked for to sign in, one step after the other; the pool says which is next. */

import { confirmResetPassword, confirmSignIn, resetPassword, signIn } from "aws-amplify/auth";
import type { InputProps } from "@cloudscape-design/components/input";

interface Field {
  name: "user" | "password" | "newPassword" | "code";
  label: string;
  type: InputProps.Type;
  autoComplete: string;
}

const USER: Field = { name: "user", label: "User name", type: "text", autoComplete: "username" };
const PASSWORD: Field = {
  name: "password",
  label: "Password",
  type: "password",
  autoComplete: "current-password",
};
const NEW_PASSWORD: Field = {
  name: "newPassword",
  label: "New password",
  type: "password",
  autoComplete: "new-password",
};
const CODE: Field = { name: "code", label: "Code", type: "text", autoComplete: "one-time-code" };

const PASSWORD_RULE = "At least 12 characters, with upper and lower case, digits and symbols.";

/** The steps: what stands above the fields, the fields, and what the button does. */
export const STEPS = {
  password: { title: "Sign in", hint: "", action: "Sign in", fields: [USER, PASSWORD] },
  newPassword: {
    title: "Choose a password",
    hint: `Your first password was for one time. ${PASSWORD_RULE}`,
    action: "Save and sign in",
    fields: [NEW_PASSWORD],
  },
  totp: {
    title: "Sign in",
    hint: "Enter the code that your authenticator app shows.",
    action: "Sign in",
    fields: [CODE],
  },
  forgotten: {
    title: "Forgotten password",
    hint: "A code is sent to the e-mail address of the user.",
    action: "Send the code",
    fields: [USER],
  },
  reset: {
    title: "Choose a password",
    hint: `Enter the code that was sent to you. ${PASSWORD_RULE}`,
    action: "Save",
    fields: [CODE, NEW_PASSWORD],
  },
} as const;

export type Step = keyof typeof STEPS;
/** What was typed into the fields. */
export type Entered = Record<Field["name"], string>;

export const NOTHING: Entered = { user: "", password: "", newPassword: "", code: "" };

/** Hand in a step; the next one, or null when the person is signed in. */
export async function take(step: Step, entered: Entered): Promise<Step | null> {
  switch (step) {
    case "password":
      return following(await signIn({ username: entered.user.trim(), password: entered.password }));
    case "newPassword":
      return following(await confirmSignIn({ challengeResponse: entered.newPassword }));
    case "totp":
      return following(await confirmSignIn({ challengeResponse: entered.code.trim() }));
    case "forgotten":
      await resetPassword({ username: entered.user.trim() });
      return "reset";
    case "reset":
      await confirmResetPassword({
        username: entered.user.trim(),
        confirmationCode: entered.code.trim(),
        newPassword: entered.newPassword,
      });
      return "password";
  }
}

function following({ nextStep }: Awaited<ReturnType<typeof signIn>>): Step | null {
  switch (nextStep.signInStep) {
    case "DONE":
      return null;
    case "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED":
      return "newPassword";
    case "CONFIRM_SIGN_IN_WITH_TOTP_CODE":
      return "totp";
    case "RESET_PASSWORD":
      return "forgotten";
    default:
      throw new Error(`The user pool asks for ${nextStep.signInStep}, which this page cannot do.`);
  }
}
