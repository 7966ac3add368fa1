import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import { useState } from "react";
import { RotateSecret } from "./rotate-secret";

/** What the secret is for, and how another one is had. */
export function SigningSecret({ id }: { id: number }) {
  const [isRotating, setRotating] = useState(false);
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <Button ariaLabel="Rotate the secret" onClick={() => setRotating(true)}>
              Rotate
            </Button>
          }
        >
          Signing secret
        </Header>
      }
    >
      <Box>
        Each webhook is signed with it, so that your program can tell that the webhook comes from here. It was
        shown when the webhook was added, and is not shown again. If it is lost or known to others, rotate it.
      </Box>
      {isRotating && <RotateSecret id={id} onDismiss={() => setRotating(false)} />}
    </Container>
  );
}
