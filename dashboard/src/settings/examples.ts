/** For tests: a webhook, and a system without credentials. */

import type { Answers } from "../testing/page";
import type { Webhook } from "./calls";

export function webhook(more: Partial<Webhook> = {}): Webhook {
  return {
    id: 1,
    url: "https://example.com/hook",
    events: ["open"],
    sms_events: [],
    headers: [],
    usernames: [],
    output_format: "json",
    auth_header_type: "",
    auth_header_value: "",
    status: "active",
    failing_since: null,
    paused_until: null,
    ...more,
  };
}

export const NO_CREDENTIALS: Answers = {
  "/v3/users/smtp/view": { results: [], default_ratelimit_value: 0, default_ratelimit_period: "unlimited" },
  "/v3/ip_auth/view": { results: [] },
  "/v3/api_keys/view": [],
};
