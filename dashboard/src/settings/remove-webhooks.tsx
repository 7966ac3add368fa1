import Box from "@cloudscape-design/components/box";
import { useNotify } from "../frame/notices";
import { Dialog } from "../parts/dialog";
import { useRemoval, type Webhook } from "./calls";

/** Asks whether webhooks are to go, and removes them. */
export function RemoveWebhooks({
  webhooks,
  onDone,
  onDismiss,
}: {
  webhooks: readonly Webhook[];
  onDone: () => void;
  onDismiss: () => void;
}) {
  const removal = useRemoval();
  const notify = useNotify();
  const isOne = webhooks.length === 1;
  const what = isOne ? `the webhook to ${webhooks[0]?.url}` : `${webhooks.length} webhooks`;
  return (
    <Dialog
      title={isOne ? "Remove webhook" : "Remove webhooks"}
      action="Remove"
      call={removal}
      onDismiss={onDismiss}
      onSubmit={() =>
        removal.mutate(
          webhooks.map(({ id }) => id),
          {
            onSuccess: () => {
              notify(`Removed ${what}.`);
              onDone();
            },
          },
        )
      }
    >
      <Box>
        Remove {what}? Nothing is sent to {isOne ? "it" : "them"} any more, nor what is still on its way. The
        opens of your mail are recorded as before.
      </Box>
    </Dialog>
  );
}
