/** The API's names for events and formats, in words. */

import type { Webhook, WebhookEvent } from "./calls";

type Format = Webhook["output_format"];

/** What there is to be told of. */
const EVENTS: readonly { value: WebhookEvent; label: string; description: string }[] = [
  {
    value: "open",
    label: "Opened",
    description: "The image in the mail was loaded, by a reader or by something else.",
  },
  { value: "delivered", label: "Delivered", description: "The recipient's mail server took it." },
  { value: "bounce", label: "Bounced", description: "The recipient's mail server refused it." },
  { value: "spam", label: "Spam complaint", description: "The recipient called it spam." },
  { value: "processed", label: "Processed", description: "Amazon SES took it, to send it." },
  { value: "reject", label: "Rejected", description: "Amazon SES refused to send it." },
  { value: "click", label: "Clicked", description: "Never sent: links are not tracked." },
  { value: "unsubscribe", label: "Unsubscribed", description: "Never sent." },
  { value: "resubscribe", label: "Resubscribed", description: "Never sent." },
];

const NEVER_SENT: readonly WebhookEvent[] = ["click", "unsubscribe", "resubscribe"];
const NOT_IN_POSTMARK: readonly WebhookEvent[] = ["processed", "reject", "resubscribe"];

export const FORMATS: readonly { value: Format; label: string; description: string }[] = [
  { value: "json", label: "JSON", description: "An object with a field for each thing that is known." },
  { value: "form", label: "Form", description: "The same fields, as a web form sends them." },
  {
    value: "postmark",
    label: "Postmark",
    description: "JSON as Postmark sends it, for programs that read that already.",
  },
];

/**
 * The events that can be chosen.
 *
 * @param chosen Those that are: they stay to be seen, also where nothing leads to them.
 */
export function eventOptions(format: Format, chosen: readonly WebhookEvent[] = []) {
  return EVENTS.filter(({ value }) => canTell(format, value) || chosen.includes(value));
}

/** The events among these that a format has no words for. */
export function untold(format: Format, events: readonly WebhookEvent[]): WebhookEvent[] {
  return events.filter((event) => format === "postmark" && NOT_IN_POSTMARK.includes(event));
}

/** What an event is called. */
export function eventLabel(event: WebhookEvent): string {
  return EVENTS.find(({ value }) => value === event)?.label ?? event;
}

/** What a format is called. */
export function formatLabel(format: Format): string {
  return FORMATS.find(({ value }) => value === format)?.label ?? format;
}

/** Names in one line; the last ones are only counted where there are many. */
export function inOneLine(names: readonly string[], none: string): string {
  const shown = names.slice(0, 3).join(", ") || none;
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

function canTell(format: Format, event: WebhookEvent): boolean {
  return !NEVER_SENT.includes(event) && untold(format, [event]).length === 0;
}
