import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import Tabs from "@cloudscape-design/components/tabs";
import { useState, type ReactNode } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { Page } from "../frame/page";
import { Empty } from "../parts/empty";
import { Failure } from "../parts/failure";
import { useCredential } from "./calls";
import { Details } from "./details";
import type { Credential, Kind } from "./kinds";
import { OpenTracking } from "./open-tracking";
import { RemoveCredentials } from "./remove-credentials";
import { SendingStatus } from "./sending-status";

const TAB = "tab";

/**
 * One credential, which the address names.
 *
 * @param more What its kind has beside the details that all have.
 */
export function CredentialPage({ kind, more }: { kind: Kind; more?: (credential: Credential) => ReactNode }) {
  const { id = "" } = useParams();
  const [search, setSearch] = useSearchParams();
  const { credential, error, refetch } = useCredential(kind, id);
  const [isRemoving, setRemoving] = useState(false);
  const navigate = useNavigate();
  return (
    <Page
      title={id}
      trail={[{ text: kind.title, href: `#${kind.page}` }]}
      header={
        <Header
          variant="h1"
          actions={credential && <Button onClick={() => setRemoving(true)}>Remove</Button>}
          description={credential?.description}
        >
          {id}
        </Header>
      }
    >
      <Failure error={error} retry={refetch} />
      {credential === undefined && !error && <Spinner size="large" />}
      {credential === null && (
        <Empty
          title={`There is no ${kind.one} ${id}`}
          text="It may have been removed."
          action={<Button href={`#${kind.page}`}>All {kind.several}</Button>}
        />
      )}
      {credential && (
        <Tabs
          // What was entered for one is not another's: the address may go from one to the other.
          key={credential.id}
          ariaLabel={kind.one}
          activeTabId={search.get(TAB) === "tracking" ? "tracking" : "details"}
          onChange={({ detail }) => setSearch({ [TAB]: detail.activeTabId }, { replace: true })}
          tabs={[
            {
              id: "details",
              label: "Details",
              // What is being entered stays while somebody looks at another tab.
              contentRenderStrategy: "lazy",
              content: (
                <SpaceBetween size="l">
                  <Details kind={kind} credential={credential} />
                  {more?.(credential)}
                </SpaceBetween>
              ),
            },
            {
              id: "tracking",
              label: "Tracking & Status",
              content: (
                <SpaceBetween size="l">
                  <OpenTracking kind={kind} credential={credential} />
                  <SendingStatus kind={kind} credential={credential} />
                </SpaceBetween>
              ),
            },
          ]}
        />
      )}
      {isRemoving && (
        <RemoveCredentials
          kind={kind}
          ids={[id]}
          onDone={() => void navigate(kind.page)}
          onDismiss={() => setRemoving(false)}
        />
      )}
    </Page>
  );
}
