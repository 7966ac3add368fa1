import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";

/** Says how there come to be numbers. */
export function NoOpens() {
  return (
    <Alert
      type="info"
      header="Nothing was sent or opened on these days"
      action={<Button href="#/reports/activity">How to send a first mail</Button>}
    >
      Switch Open Tracking on for an SMTP user, an IP address or an API key, and send an HTML mail with it.
    </Alert>
  );
}
