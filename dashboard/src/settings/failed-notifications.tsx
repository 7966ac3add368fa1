import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { useState } from "react";
import { useAnswer } from "../api/queries";
import { Empty } from "../parts/empty";
import { Failure } from "../parts/failure";
import { Time } from "../parts/time";
import { FAILURES, type Notification, type Webhook } from "./calls";
import { LongText, readable } from "./long-text";
import { NotificationActions } from "./notification-actions";
import { eventLabel } from "./words";

// One call retries or cancels 100 by their ids at most.
const LIMIT = 50;
const FIRST: readonly (string | null)[] = [null];

/** What a webhook could not tell, page by page, and what can be done about it. */
export function FailedNotifications({ webhook }: { webhook: Webhook }) {
  // The pages that are known, by the tokens that lead to them.
  const [tokens, setTokens] = useState(FIRST);
  const [page, setPage] = useState(1);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const { data, error, isLoading, isFetching, refetch } = useAnswer(FAILURES, {
    id: webhook.id,
    limit: LIMIT,
    continue_token: tokens[page - 1] ?? null,
  });
  const next = data?.continue_token;
  const pages = next && page === tokens.length ? [...tokens, next] : tokens;
  const turnTo = (wanted: number) => {
    setTokens(wanted === 1 ? FIRST : pages);
    setPage(wanted);
    setChosen([]);
  };
  const items = data?.notifications ?? [];
  const selected = items.filter((each) => chosen.includes(each.notification_id));
  return (
    <SpaceBetween size="m">
      <Failure error={error} retry={refetch} />
      <Table<Notification>
        items={items}
        trackBy="notification_id"
        selectionType="multi"
        selectedItems={selected}
        onSelectionChange={({ detail }) =>
          setChosen(detail.selectedItems.map((each) => each.notification_id))
        }
        loading={isLoading}
        loadingText="Loading"
        wrapLines
        columnDefinitions={COLUMNS}
        ariaLabels={{
          tableLabel: "Failed Notifications",
          selectionGroupLabel: "Choose notifications",
          allItemsSelectionLabel: () => "Choose all on this page",
          itemSelectionLabel: (_, { event, rcpt }) => `Choose ${eventLabel(event)}, ${rcpt}`,
        }}
        header={
          <Header
            variant="h2"
            description="What could not be told yet. It is kept for 14 days from when it failed last."
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <Button
                  iconName="refresh"
                  ariaLabel="Look for new failures"
                  loading={isFetching}
                  onClick={() => void refetch()}
                />
                <NotificationActions
                  webhook={webhook}
                  ids={selected.map((each) => each.notification_id)}
                  onDone={() => turnTo(1)}
                />
              </SpaceBetween>
            }
          >
            Failed Notifications
          </Header>
        }
        empty={
          !data ? null : next || page > 1 ? (
            <Empty
              title="None on this page"
              text={next ? "There may be some on the next." : "This is the end."}
            />
          ) : (
            <Empty
              title="Nothing has failed"
              text="All that there was to tell has arrived, or is on its way."
            />
          )
        }
        pagination={
          <Pagination
            currentPageIndex={page}
            pagesCount={pages.length}
            onChange={({ detail }) => turnTo(detail.currentPageIndex)}
          />
        }
      />
    </SpaceBetween>
  );
}

const COLUMNS: TableProps.ColumnDefinition<Notification>[] = [
  {
    id: "event",
    header: "Event",
    cell: ({ event, body, content_type: contentType }) => (
      <LongText label={eventLabel(event)} title="What is sent" text={readable(body, contentType)} />
    ),
    minWidth: 140,
  },
  { id: "rcpt", header: "Recipient", cell: ({ rcpt }) => rcpt, minWidth: 180, isRowHeader: true },
  { id: "happened", header: "Happened", cell: ({ event_at: at }) => <Time at={at} />, minWidth: 150 },
  { id: "reason", header: "Why it failed", cell: (each) => <Reason of={each} />, minWidth: 240 },
  {
    id: "next",
    header: "Tried again",
    cell: ({ status, next_attempt_at: at }) =>
      status === "failed" ? "Not by itself" : at ? <Time at={at} /> : "Soon",
    minWidth: 150,
  },
];

function Reason({ of: { last_result: reason, attempts, last_attempt_at: at } }: { of: Notification }) {
  return (
    <>
      {reason}
      <Box color="text-body-secondary" fontSize="body-s">
        {attempts === 1 ? "Failed once" : `Failed ${attempts.toLocaleString()} times`}
        {at && (
          <>
            , last at <Time at={at} />
          </>
        )}
      </Box>
    </>
  );
}
