/** Times in the viewer's zone; UTC is shown on hover. */

const FORMAT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/**
 * The moment that one of the API's times says.
 *
 * @param text UTC, with a zone or without one, such as `2026-11-24 13:00:00.123`.
 */
export function moment(text: string): Date {
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/.test(text);
  return new Date(text.replace(" ", "T") + (hasZone ? "" : "Z"));
}

/** A time of the API's, as text in the viewer's zone. */
export function localTime(text: string): string {
  return FORMAT.format(moment(text));
}

/** A time of the API's; a dash stands for none. */
export function Time({ at }: { at: string | null }) {
  if (at === null) {
    return <>–</>;
  }
  const utc = moment(at).toISOString();
  return (
    <time dateTime={utc} title={`${utc.slice(0, 19).replace("T", " ")} UTC`}>
      {localTime(at)}
    </time>
  );
}
