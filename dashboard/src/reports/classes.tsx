/** What opens are called, in plain words: their classes, how sure these are, and what all of a mail's come to. */

import Badge, { type BadgeProps } from "@cloudscape-design/components/badge";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import type { Schemas } from "../api/calls";

export type OpenClass = Schemas["OpenClass"];
export type Evidence = Schemas["Evidence"];

/** Of each class: its name, what it means in a sentence, and its badge's colour. */
export const CLASSES: Record<OpenClass, { label: string; meaning: string; color: BadgeProps["color"] }> = {
  direct_open: {
    label: "Direct open",
    meaning: "A mail program or browser at the reader's own address displayed the mail.",
    color: "green",
  },
  proxied_open: {
    label: "Open by proxy",
    meaning: "A mailbox provider loaded the image because a reader's program displayed the mail.",
    color: "blue",
  },
  privacy_prefetch: {
    label: "Privacy prefetch",
    meaning: "A privacy service loads the images of every mail, read or not. It says nothing about a reader.",
    color: "grey",
  },
  provider_prefetch: {
    label: "Provider prefetch",
    meaning: "A mailbox provider or browser loaded the image ahead of time. It says nothing about a reader.",
    color: "grey",
  },
  security_scan: {
    label: "Security scan",
    meaning: "A filter looked for something harmful in the mail.",
    color: "severity-low",
  },
  link_preview: {
    label: "Link preview",
    meaning: "A chat or mail program drew a preview.",
    color: "severity-low",
  },
  bot: { label: "Bot", meaning: "A crawler or a script loaded the image.", color: "severity-low" },
  sender_self: {
    label: "Sender",
    meaning: "It was loaded from where the mail was sent, so probably by its sender.",
    color: "severity-neutral",
  },
  unclassified: {
    label: "Unknown",
    meaning: "What loaded the image cannot be told. It may or may not be a person.",
    color: "severity-neutral",
  },
};

/** All classes, those that show a reader first. */
export const OPEN_CLASSES = Object.keys(CLASSES) as OpenClass[];

/** Whether opens of a class come of a reader who displayed the mail. */
export function showsReader(of: OpenClass): boolean {
  return of === "direct_open" || of === "proxied_open";
}

/** What the opens of a mail say of its reader: a name, the meaning in a sentence, and an icon. */
export const EVIDENCE: Record<Evidence, { label: string; meaning: string; type: StatusIndicatorProps.Type }> =
  {
    human: {
      label: "Opened by a person",
      meaning: "At least one open shows that a person displayed the mail.",
      type: "success",
    },
    prefetch_only: {
      label: "Prefetched only",
      meaning:
        "The image was loaded ahead of a reader: the mail arrived, and nobody can tell if it was read.",
      type: "info",
    },
    inconclusive: {
      label: "Inconclusive",
      meaning: "The image was loaded by machines, the sender, or something unknown: no sign of a reader.",
      type: "warning",
    },
    none: {
      label: "No open",
      meaning: "Nothing loaded the image. The mail may have been read without its images.",
      type: "pending",
    },
  };

const SURENESS: readonly [number, string][] = [
  [0.95, "very sure"],
  [0.8, "sure"],
  [0.6, "fairly sure"],
  [0.01, "not sure"],
  [0, "cannot be told"],
];

/** How sure a class is, in words and percent. */
export function confidence(share: number): string {
  const [, words] = SURENESS.find(([least]) => share >= least)!;
  return `${words} (${percent(share)})`;
}

/** A share from 0 to 1, as a whole percentage. */
export function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

/** A class by its name. */
export function ClassBadge({ of }: { of: OpenClass }) {
  const { label, meaning, color } = CLASSES[of];
  return (
    <span title={meaning}>
      <Badge color={color}>{label}</Badge>
    </span>
  );
}

/** What the opens say, by its name. */
export function EvidenceStatus({ of }: { of: Evidence }) {
  const { label, type } = EVIDENCE[of];
  return <StatusIndicator type={type}>{label}</StatusIndicator>;
}
