import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState, type SubmitEvent } from "react";
import { useNotify } from "../frame/notices";
import { Failure } from "../parts/failure";
import { useEdit } from "./calls";
import type { Credential, Kind } from "./kinds";
import { limitFields, limitOf, SendingLimit } from "./sending-limit";

/** What each credential has, to be changed. */
export function Details({ kind, credential }: { kind: Kind; credential: Credential }) {
  const [description, setDescription] = useState(credential.description);
  const [limit, setLimit] = useState(limitOf(credential));
  const edit = useEdit(kind, credential.id);
  const notify = useNotify();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    edit.mutate({ description, ...limitFields(limit) }, { onSuccess: () => notify("Saved.") });
  };
  return (
    <form onSubmit={submit}>
      <Container header={<Header variant="h2">Details</Header>}>
        <Form
          actions={
            <Button variant="primary" loading={edit.isPending}>
              Save
            </Button>
          }
        >
          <SpaceBetween size="m">
            <FormField label="Description" description="A note for people.">
              <Input value={description} onChange={({ detail }) => setDescription(detail.value)} />
            </FormField>
            <SendingLimit limit={limit} onChange={setLimit} />
            <Failure error={edit.error} />
          </SpaceBetween>
        </Form>
      </Container>
    </form>
  );
}
