/** A webhook's settings as they are being entered, and as the API takes them. */

import type { Schemas } from "../api/calls";
import type { Webhook } from "./calls";

export type Entered = Pick<Webhook, "url" | "events" | "usernames" | "output_format" | "auth_header_type"> & {
  /** One name a line. */
  headers: string;
  /** Empty where none is entered: the one that the API keeps is never shown. */
  auth_header_value: string;
};

type Settings = Omit<Schemas["WebhookEdit"], "id">;

export const NEW: Entered = {
  url: "",
  events: ["open"],
  usernames: [],
  headers: "",
  output_format: "json",
  auth_header_type: "",
  auth_header_value: "",
};

/** What a webhook has, to be changed. */
export function enteredOf(webhook: Webhook): Entered {
  const { url, events, usernames, headers, output_format, auth_header_type } = webhook;
  return {
    url,
    events,
    usernames,
    headers: headers.join("\n"),
    output_format,
    auth_header_type,
    auth_header_value: "",
  };
}

/** All that was entered, as the API takes it. */
export function settingsOf({ url, headers, auth_header_value, ...rest }: Entered) {
  return {
    ...rest,
    url: url.trim(),
    headers: headers
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean),
    ...(auth_header_value && { auth_header_value }),
  };
}

/** What was changed, and nothing else: the rest may have been changed by somebody else meanwhile. */
export function changes(before: Entered, after: Entered): Settings {
  const known = new Set(Object.entries(settingsOf(before)).map((field) => JSON.stringify(field)));
  return Object.fromEntries(
    Object.entries(settingsOf(after)).filter((field) => !known.has(JSON.stringify(field))),
  );
}
