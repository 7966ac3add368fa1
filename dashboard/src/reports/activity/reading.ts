/** How long a mail was read, in plain words. */

import type { Schemas } from "../../api/calls";
import type { OpenClass } from "../classes";

const LONGEST_SECS = 30;

const PREFETCHED = "It was loaded without a reader, so there is no time to measure.";
const MACHINE = "Machines do not read, so there is no time to measure.";

const UNTIMED: Record<OpenClass, string> = {
  direct_open:
    "How long it was read could not be measured: the program did not wait for the image, or read time is switched off.",
  proxied_open:
    "How long it was read cannot be measured: the provider loaded the image in the reader's place.",
  privacy_prefetch: PREFETCHED,
  provider_prefetch: PREFETCHED,
  security_scan: MACHINE,
  link_preview: MACHINE,
  bot: MACHINE,
  sender_self: "How long it was shown was not measured.",
  unclassified: "How long it was read could not be measured.",
};

/** How long a mail was read at an open, or why nobody can tell. */
export function reading(open: Schemas["OpenMetadata"]): string {
  const { read_secs: seconds, read_milliseconds: milliseconds } = open;
  if (seconds === null) {
    return open.witness === "access_log"
      ? "How long it was read could not be measured: only the access log saw this open."
      : UNTIMED[open.class];
  }
  if (seconds >= LONGEST_SECS) {
    return `Read for ${LONGEST_SECS} s or longer; more is not measured.`;
  }
  // The access log knows to the millisecond what the steps of five seconds only bound.
  const least = Math.max(seconds, Math.floor((milliseconds ?? 0) / 1000));
  return least === 0
    ? "Read for less than 5 s, as far as it could be measured."
    : `Read for at least ${least} s.`;
}
