import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { useAnswer } from "../api/queries";
import { Empty } from "../parts/empty";
import { Failure } from "../parts/failure";
import { Time } from "../parts/time";
import { ATTEMPTS, type Attempt } from "./calls";
import { LongText } from "./long-text";
import { eventLabel } from "./words";

const LIMIT = 100;
const LABEL_LENGTH = 40;

/** The last attempts at a webhook, whatever came of them. */
export function Attempts({ id }: { id: number }) {
  const { data, error, isLoading, isFetching, refetch } = useAnswer(ATTEMPTS, { id, limit: LIMIT });
  return (
    <SpaceBetween size="m">
      <Failure error={error} retry={refetch} />
      <Table<Attempt>
        items={data ?? []}
        loading={isLoading}
        loadingText="Loading"
        wrapLines
        columnDefinitions={COLUMNS}
        ariaLabels={{ tableLabel: "Last attempts" }}
        header={
          <Header
            variant="h2"
            description={`The last ${LIMIT} of three days at most, the newest first.`}
            actions={
              <Button
                iconName="refresh"
                ariaLabel="Look for new attempts"
                loading={isFetching}
                onClick={() => void refetch()}
              />
            }
          >
            Last attempts
          </Header>
        }
        empty={
          data && (
            <Empty
              title="Nothing was sent in the last three days"
              text="Send a test to see whether the webhook's URL answers."
            />
          )
        }
      />
    </SpaceBetween>
  );
}

/** What was answered, or why there was no answer. */
export function Result({ attempt: { status, error } }: { attempt: Attempt }) {
  const isTaken = status !== null && status >= 200 && status < 300;
  return (
    <StatusIndicator type={isTaken ? "success" : "error"}>{status ?? error ?? "No answer"}</StatusIndicator>
  );
}

const COLUMNS: TableProps.ColumnDefinition<Attempt>[] = [
  { id: "at", header: "Time", cell: ({ at }) => <Time at={at} />, minWidth: 180, isRowHeader: true },
  { id: "event", header: "Event", cell: ({ event }) => eventLabel(event), minWidth: 140 },
  { id: "status", header: "Status", cell: (each) => <Result attempt={each} />, minWidth: 180 },
  {
    id: "took",
    header: "Took",
    minWidth: 100,
    cell: ({ milliseconds }) => `${milliseconds.toLocaleString()} ms`,
  },
  {
    id: "answer",
    header: "Answer",
    minWidth: 160,
    cell: ({ answer }) =>
      answer ? (
        <LongText label={beginning(answer)} title="The answer" text={answer} />
      ) : (
        <Box color="text-body-secondary">–</Box>
      ),
  },
];

function beginning(text: string): string {
  const line = text.trim().split("\n")[0] ?? "";
  return line.length > LABEL_LENGTH ? `${line.slice(0, LABEL_LENGTH)}…` : line || "Blank";
}
