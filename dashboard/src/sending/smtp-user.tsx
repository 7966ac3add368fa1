import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useNotify } from "../frame/notices";
import { Dialog } from "../parts/dialog";
import { Facts } from "../parts/facts";
import { useEdit } from "./calls";
import { SmtpCommand, SmtpSettings } from "./connection";
import { CredentialPage } from "./credential-page";
import { SMTP_USERS, type Credential } from "./kinds";

export default function SmtpUser() {
  return <CredentialPage kind={SMTP_USERS} more={(credential) => <Connection user={credential} />} />;
}

function Connection({ user }: { user: Credential }) {
  const [isChanging, setChanging] = useState(false);
  const account = { username: user.smtp_username ?? user.id, password: null, host: user.smtp_host ?? null };
  return (
    <Container
      header={
        <Header variant="h2" actions={<Button onClick={() => setChanging(true)}>New password</Button>}>
          SMTP settings
        </Header>
      }
    >
      <SpaceBetween size="m">
        <SmtpSettings account={account} />
        {user.smtp_status && (
          <Facts
            of={[
              ["Endpoint", user.smtp_status],
              ["Costs", user.smtp_price ?? "–"],
            ]}
          />
        )}
        <SmtpCommand account={account} />
      </SpaceBetween>
      {isChanging && <NewPassword username={user.id} onDismiss={() => setChanging(false)} />}
    </Container>
  );
}

function NewPassword({ username, onDismiss }: { username: string; onDismiss: () => void }) {
  const [password, setPassword] = useState("");
  const edit = useEdit(SMTP_USERS, username);
  const notify = useNotify();
  const [isMissing, setMissing] = useState(false);
  const submit = () => {
    // To the API an empty one is the one that there is.
    if (password === "") {
      setMissing(true);
      return;
    }
    edit.mutate(
      { email_password: password },
      {
        onSuccess: () => {
          notify("The password is changed. The old one does not work any more.");
          onDismiss();
        },
      },
    );
  };
  return (
    <Dialog title="New password" action="Change" call={edit} onSubmit={submit} onDismiss={onDismiss}>
      <FormField
        label="Password"
        constraintText="8 to 200 characters."
        errorText={isMissing && password === "" && "Enter the new password."}
      >
        <Input
          type="password"
          autoFocus
          autoComplete="new-password"
          value={password}
          onChange={({ detail }) => setPassword(detail.value)}
        />
      </FormField>
    </Dialog>
  );
}
