import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Link from "@cloudscape-design/components/link";
import type { ReactNode } from "react";
import { Command, Copyable } from "../parts/copyable";
import { Shown } from "../parts/dialog";

/** A webhook's signing secret, once, and how a receiver uses it. */
export function ShownSecret({
  title,
  secret,
  onDismiss,
  children,
}: {
  title: string;
  secret: string;
  onDismiss: () => void;
  children?: ReactNode;
}) {
  return (
    <Shown title={title} onDismiss={onDismiss}>
      <Alert type="warning">The secret is shown only now. Copy it before you close this.</Alert>
      <Copyable text={secret} name="the secret" />
      {children}
      <Box variant="h3">Check the signature</Box>
      <Box>
        With the secret your program can tell whether a webhook really comes from here. Each one is signed as{" "}
        <Link href="https://www.standardwebhooks.com/" external externalIconAriaLabel="Opens in a new tab">
          Standard Webhooks
        </Link>{" "}
        says, for which there are libraries in most languages. In Python, after{" "}
        <code>pip install standardwebhooks</code>:
      </Box>
      <Command name="the Python code" text={python(secret)} />
      <Box color="text-body-secondary">
        It raises an error where the signature is wrong. Give it the body as it came, and the names of the
        headers in lower case.
      </Box>
    </Shown>
  );
}

function python(secret: string): string {
  return (
    `from standardwebhooks import Webhook\n\n` +
    `webhook = Webhook("${secret}")\nwebhook.verify(body, headers, json_parse=False)`
  );
}
