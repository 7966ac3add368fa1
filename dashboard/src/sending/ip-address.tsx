import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import { SmtpCommand } from "./connection";
import { CredentialPage } from "./credential-page";
import { IP_ADDRESSES } from "./kinds";

export default function IpAddress() {
  return (
    <CredentialPage
      kind={IP_ADDRESSES}
      more={() => (
        <Container header={<Header variant="h2">Send a mail from there</Header>}>
          <SmtpCommand />
        </Container>
      )}
    />
  );
}
