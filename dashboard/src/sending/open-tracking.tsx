import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Toggle from "@cloudscape-design/components/toggle";
import { useNotify } from "../frame/notices";
import { Failure } from "../parts/failure";
import { useEdit } from "./calls";
import type { Credential, Kind } from "./kinds";

/** The switch, what it does, and what nobody can see. */
export function OpenTracking({ kind, credential }: { kind: Kind; credential: Credential }) {
  const edit = useEdit(kind, credential.id);
  const notify = useNotify();
  const isOn = credential.open_tracking_enabled;
  const switchTo = (wanted: boolean) =>
    edit.mutate(
      { open_tracking_enabled: wanted },
      { onSuccess: () => notify(`Open Tracking is ${wanted ? "on" : "off"}, from the next mail on.`) },
    );
  return (
    <Container header={<Header variant="h2">Open Tracking</Header>}>
      <SpaceBetween size="m">
        <Toggle
          checked={edit.isPending ? edit.variables.open_tracking_enabled === true : isOn}
          // Disabled, it would lose the focus.
          readOnly={edit.isPending}
          onChange={({ detail }) => switchTo(detail.checked)}
          description="A transparent image of 1 × 1 pixel is put into each HTML mail, another one for each recipient. When it is loaded, an open is recorded: when, by what, and where possible how long the mail was read. It holds for all mail that is sent from now on."
        >
          Open Tracking
        </Toggle>
        <Failure error={edit.error} />
        <ExpandableSection headerText="What it cannot see" defaultExpanded={!isOn}>
          <Limits />
        </ExpandableSection>
      </SpaceBetween>
    </Container>
  );
}

function Limits() {
  return (
    <ul>
      <li>
        <Box variant="strong">Plain text</Box> has no images: such a mail is sent as it is, and never counts
        as opened. The timeline says so.
      </li>
      <li>
        <Box variant="strong">Blocked images:</Box> many programs load images only when the reader asks for
        them. Somebody who reads without them is not seen.
      </li>
      <li>
        <Box variant="strong">Gmail</Box> loads images through its own servers. An open is seen, and not where
        the reader is, or with what; how long the mail was read cannot be measured.
      </li>
      <li>
        <Box variant="strong">Apple&apos;s Mail Privacy Protection</Box> loads the images of each mail in the
        background, whether it is read or not. Such an open says nothing about a reader, and is shown as what
        it is.
      </li>
    </ul>
  );
}
