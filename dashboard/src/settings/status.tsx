/** How a webhook is, in words. */

import Alert, { type AlertProps } from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useChange } from "../api/queries";
import { useNotify } from "../frame/notices";
import { Failure } from "../parts/failure";
import { Time } from "../parts/time";
import { FAILURES, VIEW, type Webhook } from "./calls";

/** In a line of the table. */
export function Status({ webhook: { status, failing_since, paused_until } }: { webhook: Webhook }) {
  return (
    <>
      {status === "disabled" && <StatusIndicator type="stopped">Disabled</StatusIndicator>}
      {status === "failing" && <StatusIndicator type="error">Failing</StatusIndicator>}
      {status === "active" && (
        <StatusIndicator type={failing_since ? "warning" : "success"}>
          {failing_since ? "Last attempt failed" : "Active"}
        </StatusIndicator>
      )}
      {failing_since && (
        <Box color="text-body-secondary" fontSize="body-s">
          Failing since <Time at={failing_since} />
        </Box>
      )}
      {paused_until && (
        <Box color="text-body-secondary" fontSize="body-s">
          Paused until <Time at={paused_until} />
        </Box>
      )}
    </>
  );
}

/** On its page, where something is wrong: what that means, and what can be done. */
export function Trouble({ webhook }: { webhook: Webhook }) {
  const enable = useChange("/v3/webhook/enable", [VIEW, FAILURES]);
  const notify = useNotify();
  const { status, failing_since, paused_until } = webhook;
  if (status === "active" && !failing_since && !paused_until) {
    return null;
  }
  const isDisabled = status === "disabled";
  const begin = () =>
    enable.mutate(
      { id: webhook.id },
      {
        onSuccess: () =>
          notify(
            isDisabled
              ? "The webhook is enabled. What failed until now can be retried under Failed Notifications."
              : "The webhook is tried at once.",
          ),
      },
    );
  return (
    <SpaceBetween size="m">
      <Alert
        type={TYPES[status]}
        header={status === "active" && !failing_since ? "The webhook is paused" : HEADERS[status]}
        action={
          (isDisabled || paused_until) && (
            <Button loading={enable.isPending} onClick={begin}>
              {isDisabled ? "Enable" : "End the pause"}
            </Button>
          )
        }
      >
        <Explanation webhook={webhook} />
      </Alert>
      <Failure error={enable.error} />
    </SpaceBetween>
  );
}

const TYPES: Record<Webhook["status"], AlertProps.Type> = {
  active: "warning",
  failing: "error",
  disabled: "error",
};

const HEADERS: Record<Webhook["status"], string> = {
  active: "The last attempt failed",
  failing: "Nothing has arrived for 48 hours or more",
  disabled: "The webhook is disabled",
};

function Explanation({ webhook: { status, failing_since, paused_until } }: { webhook: Webhook }) {
  if (status === "disabled") {
    return (
      <>
        Its URL answered 410, which means that it is gone. Nothing is sent to it any more, and what would have
        been is listed under Failed Notifications. Once the URL works again, enable the webhook, and retry
        them.
      </>
    );
  }
  return (
    <>
      {failing_since && (
        <>
          Each attempt has failed since <Time at={failing_since} />. What fails is tried again by itself, for
          about 48 hours; Last attempts shows what was answered.{" "}
        </>
      )}
      {paused_until && (
        <>
          The webhook is left alone until <Time at={paused_until} />, because it failed again and again or
          asked for time.
        </>
      )}
    </>
  );
}
