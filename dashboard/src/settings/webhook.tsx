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

/** One webhook, whose number is in the address. */
export default function Webhook() {
  const { id = "" } = useParams();
  const { webhook, error, refetch } = useWebhook(id);
  const [dialog, setDialog] = useState<"test" | "remove" | null>(null);
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
                <Button onClick={() => setDialog("remove")}>Remove</Button>
                <Button onClick={() => setDialog("test")}>Send a test</Button>
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
      {webhook && dialog === "test" && <SendTest webhook={webhook} onDismiss={() => setDialog(null)} />}
      {webhook && dialog === "remove" && (
        <RemoveWebhooks
          webhooks={[webhook]}
          onDone={() => void navigate(PAGE)}
          onDismiss={() => setDialog(null)}
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
      activeTabId={search.get(TAB) ?? "details"}
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
