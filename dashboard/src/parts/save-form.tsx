import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode, SubmitEvent } from "react";
import { Failure } from "./failure";

/**
 * A form on a page, with a button that saves it.
 *
 * @param call The call that saves it: while it is made the button waits, and its failure is shown.
 */
export function SaveForm({
  title,
  call,
  onSubmit,
  children,
}: {
  title: string;
  call: { isPending: boolean; error: Error | null };
  onSubmit: () => void;
  children: ReactNode;
}) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!call.isPending) {
      onSubmit();
    }
  };
  return (
    <form onSubmit={submit}>
      <Container header={<Header variant="h2">{title}</Header>}>
        <Form
          actions={
            <Button variant="primary" loading={call.isPending}>
              Save
            </Button>
          }
        >
          <SpaceBetween size="m">
            {children}
            <Failure error={call.error} />
          </SpaceBetween>
        </Form>
      </Container>
    </form>
  );
}
