import Box from "@cloudscape-design/components/box";
import { useChange } from "../api/queries";
import { Dialog } from "../parts/dialog";
import { Time } from "../parts/time";
import { ShownSecret } from "./secret";

/** Asks whether a webhook is to have a new secret, and shows it. */
export function RotateSecret({ id, onDismiss }: { id: number; onDismiss: () => void }) {
  const rotate = useChange("/v3/webhook/rotate_secret", []);
  if (rotate.data) {
    return (
      <ShownSecret title="The new secret" secret={rotate.data.secret} onDismiss={onDismiss}>
        <Box>
          Until <Time at={rotate.data.old_secret_valid_until} /> webhooks are signed with the secret before
          this one too. Put the new one in its place by then.
        </Box>
      </ShownSecret>
    );
  }
  return (
    <Dialog
      title="Rotate the secret"
      action="Rotate"
      call={rotate}
      onSubmit={() => rotate.mutate({ id })}
      onDismiss={onDismiss}
    >
      <Box>
        The webhook gets a new secret. For 24 hours webhooks are signed with both, the new one and the one
        before, so that nothing is lost while you exchange it. A secret before that one ends at once.
      </Box>
      <Box>
        If somebody else may know the secret, rotate it twice and use the last one: the secret that leaked
        ends at once, also for a receiver that still has it.
      </Box>
    </Dialog>
  );
}
