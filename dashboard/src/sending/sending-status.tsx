import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import RadioGroup from "@cloudscape-design/components/radio-group";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useNotify } from "../frame/notices";
import { Failure } from "../parts/failure";
import { useEdit } from "./calls";
import type { Credential, Kind } from "./kinds";
import { STATUSES } from "./status";

/** Whether mail may be sent with a credential. */
export function SendingStatus({ kind, credential }: { kind: Kind; credential: Credential }) {
  const edit = useEdit(kind, credential.id);
  const notify = useNotify();
  const change = ({ value, label }: (typeof STATUSES)[number]) =>
    edit.mutate({ status: value }, { onSuccess: () => notify(`The status is ${label.toLowerCase()}.`) });
  return (
    <Container header={<Header variant="h2">Status</Header>}>
      <SpaceBetween size="m">
        <RadioGroup
          ariaLabel="Status"
          value={edit.isPending ? (edit.variables.status ?? null) : credential.status}
          items={STATUSES.map((each) => ({ ...each, disabled: edit.isPending }))}
          onChange={({ detail }) => change(STATUSES.find((each) => each.value === detail.value)!)}
        />
        <Failure error={edit.error} />
      </SpaceBetween>
    </Container>
  );
}
