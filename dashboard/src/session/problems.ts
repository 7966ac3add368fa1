import { AuthError } from "aws-amplify/auth";
import type { Step } from "./steps";

const TEXTS: Record<string, string> = {
  EmptySignInUsername: "Enter your user name.",
  EmptySignInPassword: "Enter your password.",
  EmptyResetPasswordUsername: "Enter your user name.",
  EmptyChallengeResponse: "Fill in the field.",
  NotAuthorizedException: "The user name or the password is wrong.",
  UserNotFoundException: "The user name or the password is wrong.",
  CodeMismatchException: "The code is wrong.",
  ExpiredCodeException: "The code is too old. Ask for another one.",
  LimitExceededException: "That was tried too often. Wait some minutes.",
  TooManyRequestsException: "That was tried too often. Wait some minutes.",
  NetworkError: "The user pool cannot be reached. Look at your connection, and try again.",
};

const TOO_LATE = { NotAuthorizedException: "That took too long. Go back, and sign in again." };

/** Where an error is about something else than a wrong password. */
const OF_STEPS: { [S in Step]?: Record<string, string> } = {
  newPassword: TOO_LATE,
  totp: TOO_LATE,
  forgotten: {
    NotAuthorizedException: "This user's password cannot be changed by a code. Ask whoever made it.",
  },
};

/** What went wrong at a step of signing in, in words for who does. */
export function problem(error: unknown, step: Step): string {
  if (error instanceof AuthError) {
    return OF_STEPS[step]?.[error.name] ?? TEXTS[error.name] ?? error.message;
  }
  return error instanceof Error ? error.message : String(error);
}
