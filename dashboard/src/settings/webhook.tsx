import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import Tabs from "@cloudscape-design/components/tabs";
import { useState } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { Page } from "../frame/page";
import { Empty } from "../parts/empty";
import { Failure } from "../parts/failure";
import { Attempts } from "./attempts";
import { PAGE, useWebhook, type Webhook as Shown } from "./calls";
import { Details } from "./details";
import { FailedNotifications } from "./failed-notifications";
import { RemoveWebhooks } from "./remove-webhooks";
import { SendTest } from "./send-test";
import { SigningSecret } from "./signing-secret";
import { Trouble } from "./status";

const TAB = "tab";
const TABS = ["failures", "attempts"];

/** One webhook, whose number is in the address. */
export default function Webhook() {
  const { id = "" } = useParams();
  const { webhook, error, refetch } = useWebhook(id);
  const [isTesting, setTesting] = useState(false);
  // It is asked about as long as that takes, also when it is not among the webhooks any more.
  const [asked, setAsked] = useState<Shown | null>(null);
  const navigate = useNavigate();
  const title = `Webhook ${id}`;
  return (
    <Page
      title={title}
      trail={[{ text: "Webhooks", href: `#${PAGE}` }]}
      header={
        <Header
          variant="h1"
          description={webhook?.url}
          actions={
            webhook && (
              <SpaceBetween direction="horizontal" size="xs">
                <Button onClick={() => setAsked(webhook)}>Remove</Button>
                <Button onClick={() => setTesting(true)}>Send a test</Button>
              </SpaceBetween>
            )
          }
        >
          {title}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Failure error={error} retry={refetch} />
        {webhook === undefined && !error && <Spinner size="large" />}
        {webhook === null && (
          <Empty
            title={`There is no webhook ${id}`}
            text="It may have been removed."
            action={<Button href={`#${PAGE}`}>All webhooks</Button>}
          />
        )}
        {webhook && <Trouble webhook={webhook} />}
        {webhook && <Parts key={webhook.id} webhook={webhook} />}
      </SpaceBetween>
      {webhook && isTesting && <SendTest webhook={webhook} onDismiss={() => setTesting(false)} />}
      {asked && (
        <RemoveWebhooks
          webhooks={[asked]}
          onDone={() => void navigate(PAGE)}
          onDismiss={() => setAsked(null)}
        />
      )}
    </Page>
  );
}

function Parts({ webhook }: { webhook: Shown }) {
  const [search, setSearch] = useSearchParams();
  return (
    <Tabs
      ariaLabel="Webhook"
      activeTabId={TABS.find((id) => id === search.get(TAB)) ?? "details"}
      onChange={({ detail }) => setSearch({ [TAB]: detail.activeTabId }, { replace: true })}
      tabs={[
        {
          id: "details",
          label: "Details",
          // What is being entered stays while somebody looks at another tab.
          contentRenderStrategy: "lazy",
          content: (
            <SpaceBetween size="l">
              <Details webhook={webhook} />
              <SigningSecret id={webhook.id} />
            </SpaceBetween>
          ),
        },
        {
          id: "failures",
          label: "Failed Notifications",
          content: <FailedNotifications webhook={webhook} />,
        },
        {
          id: "attempts",
          label: "Last attempts",
          content: <Attempts id={webhook.id} />,
        },
      ]}
    />
  );
}
