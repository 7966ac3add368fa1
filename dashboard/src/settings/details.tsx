import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState, type SubmitEvent } from "react";
import { useChange } from "../api/queries";
import { useNotify } from "../frame/notices";
import { Failure } from "../parts/failure";
import { FAILURES, VIEW, type Webhook } from "./calls";
import { changes, enteredOf } from "./entered";
import { WebhookFields } from "./fields";

/** What a webhook has, to be changed. */
export function Details({ webhook }: { webhook: Webhook }) {
  const [saved, setSaved] = useState(() => enteredOf(webhook));
  const [entered, setEntered] = useState(saved);
  const edit = useChange("/v3/webhook/edit", [VIEW, FAILURES]);
  const notify = useNotify();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    edit.mutate(
      { id: webhook.id, ...changes(saved, entered) },
      {
        onSuccess: (edited) => {
          setSaved(enteredOf(edited));
          setEntered(enteredOf(edited));
          notify("Saved.");
        },
      },
    );
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
            <WebhookFields
              entered={entered}
              saved={saved}
              onChange={(changed) => setEntered((known) => ({ ...known, ...changed }))}
            />
            <Failure error={edit.error} />
          </SpaceBetween>
        </Form>
      </Container>
    </form>
  );
}
