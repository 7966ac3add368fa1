import RadioGroup from "@cloudscape-design/components/radio-group";
import { useState } from "react";
import { useNotify } from "../frame/notices";
import { SaveForm } from "../parts/save-form";
import { useEdit } from "./calls";
import type { Credential, Kind } from "./kinds";
import { STATUSES } from "./status";

/**
 * Whether mail may be sent with a credential.
 *
 * It is saved by a button: who chooses by the arrow keys passes the statuses between.
 */
export function SendingStatus({ kind, credential }: { kind: Kind; credential: Credential }) {
  const [chosen, setChosen] = useState(credential.status);
  const edit = useEdit(kind, credential.id);
  const notify = useNotify();
  const { label } = STATUSES.find(({ value }) => value === chosen)!;
  const save = () =>
    edit.mutate({ status: chosen }, { onSuccess: () => notify(`The status is ${label.toLowerCase()}.`) });
  return (
    <SaveForm title="Status" call={edit} onSubmit={save}>
      <RadioGroup
        ariaLabel="Status"
        value={chosen}
        items={STATUSES}
        onChange={({ detail }) => setChosen(detail.value as Credential["status"])}
      />
    </SaveForm>
  );
}
