/** What can happen to a mail, in plain words. */

import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import type { Schemas } from "../../api/calls";
import { CLASSES, showsReader } from "../classes";

export type ActivityEvent = Schemas["ActivityEvent"];
export type ActivityType = Schemas["ActivityType"];

interface Words {
  label: string;
  meaning: string;
  type: StatusIndicatorProps.Type;
}

const NEVER = "SMTP2GO has such events; nothing here leads to them.";

const EVENTS: Record<ActivityType, Words> = {
  processed: { label: "Processed", meaning: "Amazon SES took the mail, or the sandbox did.", type: "info" },
  delivered: { label: "Delivered", meaning: "The recipient's mail server took it.", type: "success" },
  opened: {
    label: "Opened",
    meaning: "The image in the mail was loaded, by a reader or by something else.",
    type: "success",
  },
  "soft-bounced": {
    label: "Soft bounce",
    meaning: "The recipient's mail server refused it for now, until SES gave up.",
    type: "warning",
  },
  "hard-bounced": {
    label: "Hard bounce",
    meaning: "The recipient's mail server refused it for good.",
    type: "error",
  },
  rejected: { label: "Rejected", meaning: "Amazon SES refused it.", type: "error" },
  spam: { label: "Spam complaint", meaning: "The recipient called it spam.", type: "error" },
  delayed: { label: "Delayed", meaning: "Amazon SES tries again.", type: "pending" },
  quoted: {
    label: "Quoted",
    meaning: "A later mail of yours quotes it with its image, so later opens may be other readers'.",
    type: "info",
  },
  clicked: { label: "Clicked", meaning: NEVER, type: "info" },
  unsubscribed: { label: "Unsubscribed", meaning: NEVER, type: "info" },
  resubscribed: { label: "Resubscribed", meaning: NEVER, type: "info" },
};

/** The types of events that can be looked for. */
export const EVENT_TYPES = (Object.keys(EVENTS) as ActivityType[]).filter(
  (type) => EVENTS[type].meaning !== NEVER,
);

/** What a type is called, and what it means. */
export function wordsOfType(type: ActivityType): Words {
  return EVENTS[type];
}

/** What an event is called, and what it means. Nobody opened what was loaded without a reader. */
export function words(event: ActivityEvent): Words {
  const open = openOf(event);
  return open && !showsReader(open.class)
    ? { label: "Loaded", meaning: CLASSES[open.class].meaning, type: "info" }
    : EVENTS[event.event];
}

/** An event by its name. */
export function EventStatus({ of }: { of: ActivityEvent }) {
  const { label, type } = words(of);
  return <StatusIndicator type={type}>{label}</StatusIndicator>;
}

/** What an open means; null for any other event. */
export function openOf({ metadata }: ActivityEvent): Schemas["OpenMetadata"] | null {
  return "class" in metadata ? metadata : null;
}
