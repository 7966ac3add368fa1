import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useNotify } from "../frame/notices";
import { AskAboutNotifications, done, type Asked } from "./ask-about-notifications";
import { useNotificationChange, type Webhook } from "./calls";

const DISABLED = "The webhook is disabled. Enable it first.";

/** Retries or cancels the notifications that are chosen, or all that have failed. */
export function NotificationActions({
  webhook,
  ids,
  onDone,
}: {
  webhook: Webhook;
  ids: readonly string[];
  onDone: () => void;
}) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const retry = useNotificationChange(webhook.id, "/v3/webhook/retry");
  const notify = useNotify();
  const isDisabled = webhook.status === "disabled";
  const retryChosen = () =>
    retry.mutate(ids, {
      onSuccess: (count) => {
        notify(done("retry", count));
        onDone();
      },
      onError: (error) => notify(error.message, "error"),
    });
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <Button disabled={ids.length === 0} onClick={() => setAsked({ action: "cancel", ids })}>
        Cancel
      </Button>
      <Button
        disabled={ids.length === 0 || isDisabled}
        {...(isDisabled && { disabledReason: DISABLED })}
        loading={retry.isPending}
        onClick={retryChosen}
      >
        Retry
      </Button>
      <ButtonDropdown
        items={[
          {
            id: "retry",
            text: "Retry all that failed",
            disabled: isDisabled,
            ...(isDisabled && { disabledReason: DISABLED }),
          },
          { id: "cancel", text: "Cancel all that failed" },
        ]}
        onItemClick={({ detail }) => setAsked({ action: detail.id as Asked["action"], ids: null })}
      >
        All
      </ButtonDropdown>
      {asked && (
        <AskAboutNotifications
          id={webhook.id}
          asked={asked}
          onDone={() => {
            setAsked(null);
            onDone();
          }}
          onDismiss={() => setAsked(null)}
        />
      )}
    </SpaceBetween>
  );
}
