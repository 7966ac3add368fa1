import Box from "@cloudscape-design/components/box";
import { useNotify } from "../frame/notices";
import { Dialog } from "../parts/dialog";
import { useNotificationChange } from "./calls";

/** What is to be done, and about which notifications: null is all that have failed. */
export interface Asked {
  action: "retry" | "cancel";
  ids: readonly string[] | null;
}

const WORDS = {
  retry: {
    title: "Retry notifications",
    button: "Retry",
    question: "They are sent at once, and by the whole schedule again as long as they fail.",
    done: "sent again. What arrives is not listed any more.",
  },
  cancel: {
    title: "Cancel notifications",
    button: "Cancel them",
    question:
      "They are not sent any more, and your program never hears of these events. It cannot be undone.",
    done: "cancelled.",
  },
} as const;

/** Asks whether notifications are to be retried or cancelled, and does it. */
export function AskAboutNotifications({
  id,
  asked: { action, ids },
  onDone,
  onDismiss,
}: {
  id: number;
  asked: Asked;
  onDone: () => void;
  onDismiss: () => void;
}) {
  const change = useNotificationChange(id, `/v3/webhook/${action}`);
  const notify = useNotify();
  const { title, button, question } = WORDS[action];
  return (
    <Dialog
      title={title}
      action={button}
      call={change}
      onDismiss={onDismiss}
      onSubmit={() =>
        change.mutate(ids, {
          onSuccess: (count) => {
            notify(done(action, count));
            onDone();
          },
        })
      }
    >
      <Box>
        {ids
          ? `This is about ${counted(ids.length)}.`
          : "This is about all that have failed, and not about those that are tried again by themselves."}
      </Box>
      <Box>{question}</Box>
    </Dialog>
  );
}

/** What was done, for a notice. */
export function done(action: Asked["action"], count: number): string {
  return `${counted(count)} ${count === 1 ? "is" : "are"} ${WORDS[action].done}`;
}

function counted(count: number): string {
  return count === 1 ? "1 notification" : `${count.toLocaleString()} notifications`;
}
