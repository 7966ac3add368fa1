/** Events and timelines for tests. */

import type { Schemas } from "../../api/calls";
import type { ActivityEvent } from "./events";

/** Mail to Olga was delivered, unless it is said otherwise. */
export function event(more: Partial<ActivityEvent> = {}): ActivityEvent {
  return {
    from: "news@example.com",
    recipient: "olga@example.org",
    subaccount_name: "",
    email_id: "06h0r9co15h30phg2640",
    date: "2026-11-24T13:01:12.000Z",
    event: "delivered",
    recipients: ["olga@example.org"],
    subject: "Hello",
    username: "newsletter",
    reply_to: "",
    sender: "news@example.com",
    sender_full: "Shop <news@example.com>",
    to: "Olga <olga@example.org>",
    cc: "",
    bcc: "",
    smtp_response: null,
    reason: null,
    host: null,
    originating_host: "203.0.113.20",
    error: null,
    email_client: {},
    metadata: { untracked_reason: null, placement: "bottom" },
    outbound_ip: null,
    byte_size: 642,
    headers: null,
    custom_headers: {},
    delivery_attempts: [],
    ...more,
  };
}

/** She opened it in Thunderbird, unless it is said otherwise. */
export function opened(
  more: Partial<Schemas["OpenMetadata"]> = {},
  date = "2026-11-24T13:01:14.000Z",
): ActivityEvent {
  return event({
    event: "opened",
    date,
    email_client: {
      client: "Thunderbird",
      device: "Desktop",
      system: "Linux",
      user_agent: "Thunderbird/128.0",
      ip_address: "198.51.100.7",
      asn: 3320,
      country: "DE",
      city: "Ulm",
    },
    metadata: {
      class: "direct_open",
      confidence: 0.95,
      human_probability: 0.96,
      reasons: ["MAIL_APP_UA"],
      sentence: "Opened in Thunderbird.",
      ruleset_version: 2,
      read_secs: null,
      read_milliseconds: null,
      fetch_count: 1,
      witness: "function",
      ...more,
    },
  });
}

/** What the mail to Olga comes to. */
export function timeline(
  events: ActivityEvent[],
  more: Partial<Schemas["Timeline"]> = {},
): Schemas["Timeline"] {
  return {
    email_id: "06h0r9co15h30phg2640",
    recipient: "olga@example.org",
    subject: "Hello",
    untracked_reason: null,
    placement: "bottom",
    sent_at: "2026-11-24T13:01:11.000Z",
    delivered_at: "2026-11-24T13:01:12.000Z",
    evidence: "none",
    opens: {},
    first_open_at: null,
    last_open_at: null,
    first_human_at: null,
    first_prefetch_at: null,
    events,
    events_left_out: 0,
    ...more,
  };
}

/** A page of a search. */
export function page(events: ActivityEvent[], token: string | null = null): Schemas["ActivityPage"] {
  return { events, continue_token: token, total_events: events.length + (token ? 1 : 0) };
}

/** There are an SMTP user and an API key. */
export const CREDENTIALS = {
  "/v3/users/smtp/view": {
    results: [{ username: "newsletter", description: "" } as Schemas["ShownSmtpUser"]],
    default_ratelimit_value: 0,
    default_ratelimit_period: "unlimited",
  },
  "/v3/ip_auth/view": { results: [] },
  "/v3/api_keys/view": [{ username: "api-AYXo4jSOqh6Y", description: "" } as Schemas["ShownApiKey"]],
} as never;
