import Box from "@cloudscape-design/components/box";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/calls";
import { Copyable } from "../../parts/copyable";
import { Facts } from "../../parts/facts";
import { Time } from "../../parts/time";
import { useGroups } from "../../sending/groups";
import { ClassBadge, CLASSES, EVIDENCE, EvidenceStatus, OPEN_CLASSES } from "../classes";
import { CredentialLink } from "./credential-link";
import { pagesOf } from "./credential-pages";
import { isUntracked, place, whyUntracked } from "./tracking";

/** What a delivery is, and what its opens come to. */
export function DeliveryDetails({ of }: { of: Schemas["Timeline"] }) {
  const pages = pagesOf(useGroups().groups);
  const [mail] = of.events;
  return (
    <SpaceBetween size="l">
      <Facts
        of={[
          ["Recipient", of.recipient],
          ["Subject", of.subject || "–"],
          ...(mail
            ? ([
                ["From", mail.sender_full],
                ["To", mail.to || "–"],
                ...(mail.cc ? [["Cc", mail.cc] as const] : []),
                ["Sent with", <CredentialLink key="credential" id={mail.username} pages={pages} />],
              ] as [string, ReactNode][])
            : []),
          ["Sent", of.sent_at ? <Time key="sent" at={of.sent_at} /> : "Not yet"],
          ["Delivered", of.delivered_at ? <Time key="delivered" at={of.delivered_at} /> : "Not that we know"],
          ["Image that shows opens", image(of)],
          ["Email id", <Copyable key="id" text={of.email_id} name="the email id" />],
        ]}
      />
      <Opens of={of} />
    </SpaceBetween>
  );
}

function image({ untracked_reason: reason, placement }: Schemas["Timeline"]): string {
  if (reason !== null) {
    return isUntracked(reason) ? `None. ${whyUntracked(reason)}` : whyUntracked(reason);
  }
  return placement === null ? "Not yet" : place(placement);
}

function Opens({ of }: { of: Schemas["Timeline"] }) {
  const classes = OPEN_CLASSES.filter((each) => of.opens[each]);
  if (classes.length === 0 && isUntracked(of.untracked_reason)) {
    return <Box color="text-body-secondary">Without its image, opens of this mail cannot be seen.</Box>;
  }
  return (
    <SpaceBetween size="s">
      <div>
        <EvidenceStatus of={of.evidence} />
        <Box color="text-body-secondary">{EVIDENCE[of.evidence].meaning}</Box>
      </div>
      {classes.length > 0 && (
        <Facts
          of={[
            ["First open", <Time key="first" at={of.first_open_at} />],
            ["Last open", <Time key="last" at={of.last_open_at} />],
            ["First by a person", <Time key="human" at={of.first_human_at} />],
            ["First prefetch", <Time key="prefetch" at={of.first_prefetch_at} />],
          ]}
        />
      )}
      {classes.map((each) => (
        <div key={each}>
          {of.opens[each]} × <ClassBadge of={each} />
          <Box color="text-body-secondary">{CLASSES[each].meaning}</Box>
        </div>
      ))}
    </SpaceBetween>
  );
}
