import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import { useNotify } from "../frame/notices";
import { SaveForm } from "../parts/save-form";
import { useEdit } from "./calls";
import type { Credential, Kind } from "./kinds";
import { limitFields, limitOf, SendingLimit } from "./sending-limit";

/** What each credential has, to be changed. */
export function Details({ kind, credential }: { kind: Kind; credential: Credential }) {
  const [saved, setSaved] = useState(() => ({
    description: credential.description,
    limit: limitOf(credential),
  }));
  const [description, setDescription] = useState(saved.description);
  const [limit, setLimit] = useState(saved.limit);
  const edit = useEdit(kind, credential.id);
  const notify = useNotify();
  const save = () => {
    // What was not touched may have been changed by somebody else meanwhile.
    const changes = {
      ...(description !== saved.description && { description }),
      ...(limit !== saved.limit && limitFields(limit)),
    };
    edit.mutate(changes, {
      onSuccess: () => {
        setSaved({ description, limit });
        notify("Saved.");
      },
    });
  };
  return (
    <SaveForm title="Details" call={edit} onSubmit={save}>
      <FormField label="Description" description="A note for people.">
        <Input value={description} onChange={({ detail }) => setDescription(detail.value)} />
      </FormField>
      <SendingLimit limit={limit} onChange={setLimit} />
    </SaveForm>
  );
}
