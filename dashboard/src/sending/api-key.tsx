import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import { useState } from "react";
import { useNotify } from "../frame/notices";
import { SaveForm } from "../parts/save-form";
import { useEdit } from "./calls";
import { ApiCommand } from "./connection";
import { CredentialPage } from "./credential-page";
import { API_KEYS, type Credential } from "./kinds";
import { Permissions } from "./permissions";

export default function ApiKey() {
  return (
    <CredentialPage
      kind={API_KEYS}
      more={(credential) => (
        <>
          <Access credential={credential} />
          <Container header={<Header variant="h2">Send a mail with it</Header>}>
            <ApiCommand />
          </Container>
        </>
      )}
    />
  );
}

function Access({ credential }: { credential: Credential }) {
  const [patterns, setPatterns] = useState<readonly string[]>(credential.endpoints ?? []);
  const edit = useEdit(API_KEYS, credential.id);
  const notify = useNotify();
  const save = () => edit.mutate({ endpoints: [...patterns] }, { onSuccess: () => notify("Saved.") });
  return (
    <SaveForm title="Permissions" call={edit} onSubmit={save}>
      <Permissions patterns={patterns} onChange={setPatterns} />
    </SaveForm>
  );
}
