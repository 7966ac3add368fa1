import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Grid from "@cloudscape-design/components/grid";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useEffect, useState, type SubmitEvent } from "react";
import { TopBar } from "../frame/top-bar";
import { problem } from "./problems";
import { renewSession, useSession } from "./session";
import { NOTHING, STEPS, take, type Step } from "./steps";

/** The form before all pages. */
export default function SignIn() {
  const { reason } = useSession();
  const [step, setStep] = useState<Step>("password");
  const [entered, setEntered] = useState(NOTHING);
  const [failure, setFailure] = useState("");
  const [isWaiting, setWaiting] = useState(false);
  const [isReset, setReset] = useState(false);
  const notice = isReset ? "The password is saved. Sign in with it." : reason;
  const { title, hint, action, fields } = STEPS[step];

  useEffect(() => {
    document.title = `${title} – Open Tracking`;
  }, [title]);

  const go = (next: Step) => {
    setStep(next);
    setFailure("");
    setEntered({ ...NOTHING, user: entered.user });
  };

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setFailure("");
    setWaiting(true);
    try {
      const next = await take(step, entered);
      setReset(step === "reset");
      if (next) {
        go(next);
      } else {
        await renewSession();
      }
    } catch (error) {
      setFailure(problem(error, step));
    } finally {
      setWaiting(false);
    }
  };

  return (
    <>
      <TopBar />
      <Box padding={{ vertical: "xxxl", horizontal: "m" }}>
        <main>
          <Grid
            gridDefinition={[{ colspan: { default: 12, xs: 8, m: 4 }, offset: { default: 0, xs: 2, m: 4 } }]}
          >
            <form onSubmit={(event) => void submit(event)}>
              <Container
                header={
                  <Header variant="h1" description={hint}>
                    {title}
                  </Header>
                }
              >
                <Form
                  errorText={failure}
                  actions={
                    <SpaceBetween direction="horizontal" size="xs">
                      {step === "password" ? (
                        <Button formAction="none" variant="link" onClick={() => go("forgotten")}>
                          Forgotten password
                        </Button>
                      ) : (
                        <Button formAction="none" variant="link" onClick={() => go("password")}>
                          Back
                        </Button>
                      )}
                      <Button variant="primary" loading={isWaiting}>
                        {action}
                      </Button>
                    </SpaceBetween>
                  }
                >
                  <SpaceBetween size="m">
                    {notice && step === "password" && <Alert type="info">{notice}</Alert>}
                    {fields.map((field) => (
                      <FormField key={field.name} label={field.label}>
                        <Input
                          name={field.name}
                          type={field.type}
                          autoComplete={field.autoComplete}
                          autoFocus={field === fields[0]}
                          value={entered[field.name]}
                          onChange={({ detail }) => setEntered({ ...entered, [field.name]: detail.value })}
                        />
                      </FormField>
                    ))}
                  </SpaceBetween>
                </Form>
              </Container>
            </form>
          </Grid>
        </main>
      </Box>
    </>
  );
}
