import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState, type SubmitEvent } from "react";
import { useNotify } from "../frame/notices";
import { Failure } from "../parts/failure";
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
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    edit.mutate({ endpoints: [...patterns] }, { onSuccess: () => notify("Saved.") });
  };
  return (
    <form onSubmit={submit}>
      <Container header={<Header variant="h2">Permissions</Header>}>
        <Form
          actions={
            <Button variant="primary" loading={edit.isPending}>
              Save
            </Button>
          }
        >
          <SpaceBetween size="m">
            <Permissions patterns={patterns} onChange={setPatterns} />
            <Failure error={edit.error} />
          </SpaceBetween>
        </Form>
      </Container>
    </form>
  );
}
