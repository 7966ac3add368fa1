import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import { useState } from "react";
import type { Schemas } from "../api/calls";
import { useChange } from "../api/queries";
import { Copyable } from "../parts/copyable";
import { Dialog, Shown } from "../parts/dialog";
import { ApiCommand } from "./connection";
import { CredentialTable } from "./credential-table";
import { API_KEYS } from "./kinds";
import { NEW, NewCredentialFields } from "./new-credential";
import { Permissions } from "./permissions";

export default function ApiKeys() {
  return (
    <CredentialTable
      kind={API_KEYS}
      description="A program that makes calls of the API, to send mail for instance, does so with a key."
      add={(close) => <AddApiKey onDismiss={close} />}
    />
  );
}

function AddApiKey({ onDismiss }: { onDismiss: () => void }) {
  const [entered, setEntered] = useState({ ...NEW, endpoints: ["/email/*"] });
  const add = useChange("/v3/api_keys/add", [API_KEYS.view]);
  const added = add.data?.[0];
  if (added) {
    return <Added apiKey={added} onDismiss={onDismiss} />;
  }
  return (
    <Dialog
      title="Add API key"
      action="Add"
      call={add}
      onSubmit={() => add.mutate(entered)}
      onDismiss={onDismiss}
    >
      <NewCredentialFields
        entered={entered}
        onChange={(changed) => setEntered((known) => ({ ...known, ...changed }))}
      />
      <Permissions
        patterns={entered.endpoints}
        onChange={(endpoints) => setEntered((known) => ({ ...known, endpoints }))}
      />
    </Dialog>
  );
}

function Added({ apiKey, onDismiss }: { apiKey: Schemas["ShownApiKey"]; onDismiss: () => void }) {
  return (
    <Shown title="The key is added" onDismiss={onDismiss}>
      <Alert type="warning">The key is shown only now. Copy it before you close this.</Alert>
      <Copyable text={apiKey.api_key} name="the key" />
      <Box variant="h3">Send a first mail</Box>
      <ApiCommand apiKey={apiKey.api_key} />
    </Shown>
  );
}
