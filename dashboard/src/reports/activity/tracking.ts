/** Whether a mail carries the image that shows opens, and why not, in plain words. */

const UNTRACKED: Record<string, string> = {
  disabled: "Open tracking is off for what it was sent with.",
  too_large: "With the image it would have been larger than the 40 MB that Amazon SES takes.",
  plain_text: "It is plain text, which has no images.",
  html_attachment_only: "Its only HTML is in attachments.",
  signed: "It is signed, and a change would break the signature.",
  encrypted: "It is encrypted, so nothing can be put into it.",
  dkim_signed: "It came with a DKIM signature, which a change would break.",
  checksummed: "It came with a checksum, which a change would break.",
  report: "It is a report about the delivery or reading of another mail.",
  malformed: "It is not written as mail has to be, where its HTML would be found.",
  ambiguous: "Mail programs would not agree which part of it is the HTML, or how to read it.",
  unsupported_charset: "Its characters are written in a way that is not known.",
  unsupported_encoding: "Its HTML is encoded in a way that is not known.",
  no_safe_place: "Its HTML has no place for the image where it would surely load and change nothing.",
  already_tracked: "It came with its own image already. Its opens are recorded all the same.",
  unexpected: "Something went wrong when the image was to be put in, so it was sent as it came.",
};

const PLACES: Record<string, string> = {
  bottom: "At the end of the HTML.",
  top: "At the start of the HTML, because some programs do not load what is far below.",
};

/** Why a mail has no image of its own, by the API's `untracked_reason`. */
export function whyUntracked(reason: string): string {
  return UNTRACKED[reason] ?? `The reason is ${reason}.`;
}

/** Whether nothing can be seen of a mail's opens. */
export function isUntracked(reason: string | null): reason is string {
  return reason !== null && reason !== "already_tracked";
}

/** Where the image stands, by the API's `placement`. */
export function place(placement: string): string {
  return PLACES[placement] ?? placement;
}
