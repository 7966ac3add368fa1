import { AuthError } from "aws-amplify/auth";

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

/** What went wrong when somebody signed in, in words for them. */
export function problem(error: unknown): string {
  if (error instanceof AuthError) {
    return TEXTS[error.name] ?? error.message;
  }
  return error instanceof Error ? error.message : String(error);
}
