import Box from "@cloudscape-design/components/box";
import FormField from "@cloudscape-design/components/form-field";
import LiveRegion from "@cloudscape-design/components/live-region";
import Select from "@cloudscape-design/components/select";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useAnswer, useChange } from "../api/queries";
import { Command } from "../parts/copyable";
import { Dialog, Shown } from "../parts/dialog";
import { Facts } from "../parts/facts";
import { Failure } from "../parts/failure";
import { Result } from "./attempts";
import { ATTEMPTS, VIEW, type Webhook, type WebhookEvent } from "./calls";
import { eventOptions } from "./words";

const LOOK_EVERY_MS = 2_000;

/** Asks what to send a sample of, sends it, and shows what was answered. */
export function SendTest({ webhook, onDismiss }: { webhook: Webhook; onDismiss: () => void }) {
  const options = eventOptions(webhook.output_format);
  const [chosen, setChosen] = useState(
    () => options.find(({ value }) => webhook.events.includes(value)) ?? options[0]!,
  );
  const test = useChange("/v3/webhook/test", []);
  const client = useQueryClient();
  if (test.data) {
    const close = () => {
      void client.invalidateQueries({ queryKey: [ATTEMPTS] });
      void client.invalidateQueries({ queryKey: [VIEW] });
      onDismiss();
    };
    return <Outcome id={webhook.id} notificationId={test.data.notification_id} onDismiss={close} />;
  }
  return (
    <Dialog
      title="Send a test"
      action="Send"
      call={test}
      onSubmit={() => test.mutate({ id: webhook.id, event: chosen.value })}
      onDismiss={onDismiss}
    >
      <Box>A sample is sent to {webhook.url} once, and says that it is a test.</Box>
      <FormField label="Event" description="Also one that the webhook does not tell of otherwise.">
        <Select
          selectedOption={chosen}
          options={options}
          onChange={({ detail }) => {
            const value = detail.selectedOption.value as WebhookEvent;
            setChosen(options.find((option) => option.value === value)!);
          }}
        />
      </FormField>
    </Dialog>
  );
}

/** What came of a test, as soon as there is something to tell. */
function Outcome({
  id,
  notificationId,
  onDismiss,
}: {
  id: number;
  notificationId: string;
  onDismiss: () => void;
}) {
  const { data, error, refetch } = useAnswer(
    ATTEMPTS,
    { id, notification_id: notificationId },
    { askEvery: (attempts) => (attempts?.length ? false : LOOK_EVERY_MS) },
  );
  const attempt = data?.[0];
  return (
    <Shown title="The test" onDismiss={onDismiss}>
      <Failure error={error} retry={refetch} />
      <LiveRegion>
        {attempt ? (
          <Facts
            of={[
              ["Answer", <Result key="answer" attempt={attempt} />],
              ["It took", `${attempt.milliseconds.toLocaleString()} ms`],
            ]}
          />
        ) : (
          <StatusIndicator type="loading">It is sent. Waiting for the answer</StatusIndicator>
        )}
      </LiveRegion>
      {attempt && attempt.answer !== "" && <Command name="the answer" text={attempt.answer} />}
      <Box color="text-body-secondary">You find it under Last attempts too.</Box>
    </Shown>
  );
}
