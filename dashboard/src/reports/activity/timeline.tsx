import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Steps from "@cloudscape-design/components/steps";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/calls";
import { Time } from "../../parts/time";
import { openOf, words, type ActivityEvent } from "./events";
import { Opening } from "./opening";
import { isUntracked, whyUntracked } from "./tracking";

/** All that happened to a delivery, the earliest first. */
export function Timeline({ of }: { of: Schemas["Timeline"] }) {
  const { events, events_left_out: leftOut, untracked_reason: reason } = of;
  return (
    <SpaceBetween size="m">
      {isUntracked(reason) && (
        <Alert type="info" header="This mail is not tracked">
          {whyUntracked(reason)} Opens of it cannot be seen.
        </Alert>
      )}
      {leftOut > 0 && <Alert type="info">The {leftOut} earliest events are too many to be shown.</Alert>}
      {events.length === 0 && <Box>Nothing has happened yet. The mail waits to be sent.</Box>}
      <Steps
        ariaLabel="What happened, the earliest first"
        steps={events.map((event) => ({
          status: words(event).type,
          statusIconAriaLabel: words(event).type,
          header: (
            <>
              <Box variant="strong">{words(event).label}</Box>{" "}
              <Box variant="span" color="text-body-secondary">
                <Time at={event.date} />
              </Box>
            </>
          ),
          details: <Happening event={event} />,
        }))}
      />
    </SpaceBetween>
  );
}

function Happening({ event }: { event: ActivityEvent }): ReactNode {
  const open = openOf(event);
  if (open) {
    return <Opening open={open} client={event.email_client as Schemas["EmailClient"]} />;
  }
  const { smtp_response: answer, reason, host, metadata } = event;
  return (
    <SpaceBetween size="xxs">
      <Box color="text-body-secondary">{words(event).meaning}</Box>
      {answer && (
        <div>
          {host ?? "The mail server"} answered: <Box variant="code">{answer}</Box>
        </div>
      )}
      {reason && <div>Reason: {reason}</div>}
      {"quoted_by" in metadata && metadata.quoted_by && <div>Quoted by the mail {metadata.quoted_by}</div>}
    </SpaceBetween>
  );
}
