import Box from "@cloudscape-design/components/box";
import { useState } from "react";
import { useChange } from "../api/queries";
import { Dialog } from "../parts/dialog";
import { VIEW } from "./calls";
import { NEW, settingsOf } from "./entered";
import { WebhookFields } from "./fields";
import { ShownSecret } from "./secret";

/** Asks for a new webhook's settings, adds it, and shows its secret. */
export function AddWebhook({ onDismiss }: { onDismiss: () => void }) {
  const [entered, setEntered] = useState(NEW);
  const add = useChange("/v3/webhook/add", [VIEW]);
  if (add.data) {
    return (
      <ShownSecret title="The webhook is added" secret={add.data.secret} onDismiss={onDismiss}>
        <Box>Send it a test from its page when your program is ready.</Box>
      </ShownSecret>
    );
  }
  return (
    <Dialog
      title="Add webhook"
      action="Add"
      call={add}
      onSubmit={() => add.mutate(settingsOf(entered))}
      onDismiss={onDismiss}
    >
      <WebhookFields
        entered={entered}
        onChange={(changed) => setEntered((known) => ({ ...known, ...changed }))}
      />
    </Dialog>
  );
}
