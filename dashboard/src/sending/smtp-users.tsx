import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import type { Schemas } from "../api/calls";
import { useChange } from "../api/queries";
import { Dialog, Shown } from "../parts/dialog";
import { SmtpCommand, SmtpSettings } from "./connection";
import { CredentialTable } from "./credential-table";
import { SMTP_USERS } from "./kinds";
import { NEW, NewCredentialFields } from "./new-credential";

export default function SmtpUsers() {
  return (
    <CredentialTable
      kind={SMTP_USERS}
      description="An SMTP user is a username and a password with which a mail program or server hands in mail."
      add={(close) => <AddSmtpUser onDismiss={close} />}
    />
  );
}

function AddSmtpUser({ onDismiss }: { onDismiss: () => void }) {
  const [entered, setEntered] = useState({ ...NEW, username: "", email_password: "" });
  const add = useChange("/v3/users/smtp/add", [SMTP_USERS.view]);
  const added = add.data?.results[0];
  if (added) {
    return <Added user={added} onDismiss={onDismiss} />;
  }
  return (
    <Dialog
      title="Add SMTP user"
      action="Add"
      call={add}
      onSubmit={() => add.mutate(entered)}
      onDismiss={onDismiss}
    >
      <FormField label="Username" constraintText="5 to 100 letters, digits and signs, without blanks.">
        <Input
          autoFocus
          autoComplete={false}
          spellcheck={false}
          value={entered.username}
          onChange={({ detail }) => setEntered({ ...entered, username: detail.value })}
        />
      </FormField>
      <FormField label="Password" constraintText="At least 8 characters. Leave it empty, and one is made.">
        <Input
          type="password"
          autoComplete="new-password"
          value={entered.email_password}
          onChange={({ detail }) => setEntered({ ...entered, email_password: detail.value })}
        />
      </FormField>
      <NewCredentialFields
        entered={entered}
        onChange={(changed) => setEntered((known) => ({ ...known, ...changed }))}
      />
    </Dialog>
  );
}

function Added({ user, onDismiss }: { user: Schemas["ShownSmtpUser"]; onDismiss: () => void }) {
  const account = {
    username: user.smtp_username ?? user.username,
    password: user.email_password,
    host: user.smtp_host,
  };
  return (
    <Shown title={`${user.username} is added`} onDismiss={onDismiss}>
      <Alert type="warning">The password is shown only now. Copy it before you close this.</Alert>
      <SmtpSettings account={account} />
      {user.smtp_price && <Box color="text-body-secondary">It costs {user.smtp_price}.</Box>}
      <Box variant="h3">Send a first mail</Box>
      <SmtpCommand account={account} />
    </Shown>
  );
}
