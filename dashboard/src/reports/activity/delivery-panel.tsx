import Spinner from "@cloudscape-design/components/spinner";
import SpaceBetween from "@cloudscape-design/components/space-between";
import SplitPanel from "@cloudscape-design/components/split-panel";
import Tabs from "@cloudscape-design/components/tabs";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { useAnswer } from "../../api/queries";
import { Failure } from "../../parts/failure";
import { DeliveryDetails } from "./delivery-details";
import type { Delivery } from "./event-table";
import { Timeline } from "./timeline";

/** The column on the right: one delivery, and all that happened to it. */
export default function DeliveryPanel({
  delivery: { emailId, recipient },
  onClose,
}: {
  delivery: Delivery;
  onClose: () => void;
}) {
  const [tab, setTab] = useState("details");
  const inside = useRef<HTMLDivElement>(null);
  const {
    data: timeline,
    error,
    isLoading,
    refetch,
  } = useAnswer("/v3/activity/timeline", { email_id: emailId, recipient });

  // Whoever chose it by keyboard goes on in it.
  useEffect(() => inside.current?.focus(), [emailId, recipient]);

  const closeByEscape = (event: KeyboardEvent) => event.key === "Escape" && onClose();
  return (
    <SplitPanel
      header={recipient}
      closeBehavior="hide"
      i18nStrings={{
        closeButtonAriaLabel: "Close",
        openButtonAriaLabel: "Open",
        resizeHandleAriaLabel: "Change the width",
        preferencesTitle: "Where this is shown",
        preferencesPositionLabel: "Position",
        preferencesPositionDescription: "Beside the table or below it.",
        preferencesPositionSide: "Beside",
        preferencesPositionBottom: "Below",
        preferencesConfirm: "Save",
        preferencesCancel: "Cancel",
        preferencesCloseAriaLabel: "Close",
      }}
    >
      <div ref={inside} tabIndex={-1} onKeyDown={closeByEscape} style={{ outline: "none" }}>
        <SpaceBetween size="m">
          <Failure error={error} retry={refetch} />
          {isLoading && <Spinner size="large" />}
          {timeline && (
            <Tabs
              ariaLabel="What is known of this mail"
              activeTabId={tab}
              onChange={({ detail }) => setTab(detail.activeTabId)}
              tabs={[
                { id: "details", label: "Details", content: <DeliveryDetails of={timeline} /> },
                { id: "timeline", label: "Timeline", content: <Timeline of={timeline} /> },
              ]}
            />
          )}
        </SpaceBetween>
      </div>
    </SplitPanel>
  );
}
