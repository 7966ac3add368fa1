import Button from "@cloudscape-design/components/button";
import { useState } from "react";
import { Command } from "../parts/copyable";
import { Shown } from "../parts/dialog";

/**
 * A text that is too long for its place, shown over the page when its button is pressed.
 *
 * @param label What stands on the button.
 */
export function LongText({ label, title, text }: { label: string; title: string; text: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button variant="inline-link" ariaLabel={`${title}: ${label}`} onClick={() => setOpen(true)}>
        {label}
      </Button>
      {isOpen && (
        <Shown title={title} onDismiss={() => setOpen(false)}>
          <Command name="the text" text={text} />
        </Shown>
      )}
    </>
  );
}

/** The body of a webhook, laid out to be read. */
export function readable(body: string, contentType: string): string {
  if (!contentType.includes("json")) {
    return [...new URLSearchParams(body)].map(([name, value]) => `${name}: ${value}`).join("\n");
  }
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
