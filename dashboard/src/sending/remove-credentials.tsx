import Box from "@cloudscape-design/components/box";
import { useNotify } from "../frame/notices";
import { Dialog } from "../parts/dialog";
import { useRemoval } from "./calls";
import type { Kind } from "./kinds";

/** Asks whether credentials are to go, and removes them. */
export function RemoveCredentials({
  kind,
  ids,
  onDone,
  onDismiss,
}: {
  kind: Kind;
  ids: readonly string[];
  onDone: () => void;
  onDismiss: () => void;
}) {
  const removal = useRemoval(kind);
  const notify = useNotify();
  const what = ids.length === 1 ? `the ${kind.one} ${ids[0]}` : `${ids.length} ${kind.several}`;
  return (
    <Dialog
      title={`Remove ${ids.length === 1 ? kind.one : kind.several}`}
      action="Remove"
      call={removal}
      onDismiss={onDismiss}
      onSubmit={() =>
        removal.mutate(ids, {
          onSuccess: () => {
            notify(`Removed ${what}.`);
            onDone();
          },
        })
      }
    >
      <Box>
        Remove {what}? Nothing can be sent with {ids.length === 1 ? "it" : "them"} any more. What was sent
        stays in the reports, and its opens are still recorded.
      </Box>
    </Dialog>
  );
}
