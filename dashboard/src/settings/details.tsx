import { useState } from "react";
import { useChange } from "../api/queries";
import { useNotify } from "../frame/notices";
import { SaveForm } from "../parts/save-form";
import { FAILURES, VIEW, type Webhook } from "./calls";
import { changes, enteredOf } from "./entered";
import { WebhookFields } from "./fields";

/** What a webhook has, to be changed. */
export function Details({ webhook }: { webhook: Webhook }) {
  const [saved, setSaved] = useState(() => enteredOf(webhook));
  const [entered, setEntered] = useState(saved);
  const edit = useChange("/v3/webhook/edit", [VIEW, FAILURES]);
  const notify = useNotify();
  const save = () =>
    edit.mutate(
      { id: webhook.id, ...changes(saved, entered) },
      {
        onSuccess: (edited) => {
          setSaved(enteredOf(edited));
          // Somebody may have gone on writing meanwhile.
          setEntered((known) => (known === entered ? enteredOf(edited) : known));
          notify("Saved.");
        },
      },
    );
  return (
    <SaveForm title="Details" call={edit} onSubmit={save}>
      <WebhookFields
        entered={entered}
        saved={saved}
        onChange={(changed) => setEntered((known) => ({ ...known, ...changed }))}
      />
    </SaveForm>
  );
}
