import Box from "@cloudscape-design/components/box";
import Link from "@cloudscape-design/components/link";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { memo, useMemo, type ReactNode } from "react";
import { Time } from "../../parts/time";
import { ClassBadge } from "../classes";
import { CredentialLink } from "./credential-link";
import { useDrawn } from "./drawn";
import { EventStatus, openOf, type ActivityEvent } from "./events";

/** One recipient's copy of a mail. */
export interface Delivery {
  emailId: string;
  recipient: string;
}

/** How a delivery is shown beside the table: where, and what takes a reader there. */
export interface Showing {
  addressOf: (delivery: Delivery) => string;
  onShow: (delivery: Delivery) => void;
}

interface Around {
  header: ReactNode;
  filter: ReactNode;
  pagination: ReactNode;
  footer: ReactNode;
  empty: ReactNode;
}

/**
 * The events of a page, the newest first.
 *
 * @param pages The pages of the credentials, by their ids.
 */
export function EventTable({
  events,
  isLoading,
  pages,
  addressOf,
  onShow,
  footer,
  ...around
}: Around &
  Showing & {
    events: readonly ActivityEvent[];
    isLoading: boolean;
    pages: ReadonlyMap<string, string>;
  }) {
  const [drawn, mark] = useDrawn(events);
  const columns = useMemo(() => columnsOf(pages, { addressOf, onShow }), [pages, addressOf, onShow]);
  return (
    <Table<ActivityEvent>
      {...around}
      variant="full-page"
      stickyHeader
      contentDensity="compact"
      items={drawn}
      totalItemsCount={events.length}
      loading={isLoading}
      loadingText="Looking for events"
      columnDefinitions={columns}
      ariaLabels={{ tableLabel: "Activity" }}
      footer={mark ?? footer}
    />
  );
}

function columnsOf(
  pages: ReadonlyMap<string, string>,
  showing: Showing,
): TableProps.ColumnDefinition<ActivityEvent>[] {
  return [
    { id: "time", header: "Time", cell: ({ date }) => <Time at={date} /> },
    { id: "event", header: "Event", cell: (event) => <EventCell event={event} /> },
    {
      id: "recipient",
      header: "Recipient",
      isRowHeader: true,
      cell: (event) => <RecipientCell event={event} {...showing} />,
    },
    { id: "class", header: "Kind of open", minWidth: 160, cell: (event) => <ClassCell event={event} /> },
    {
      id: "subject",
      header: "Subject",
      cell: ({ subject }) => subject || <Box color="text-body-secondary">–</Box>,
    },
    { id: "sender", header: "Sender", cell: ({ sender }) => sender },
    {
      id: "credential",
      header: "Sent with",
      cell: ({ username }) => <CredentialCell id={username} pages={pages} />,
    },
  ];
}

// Whenever the table's width changes all of its cells are asked for again: these need not be drawn again.

const EventCell = memo(({ event }: { event: ActivityEvent }) => <EventStatus of={event} />);

const ClassCell = memo(({ event }: { event: ActivityEvent }) => {
  const open = openOf(event);
  return open && <ClassBadge of={open.class} />;
});

const RecipientCell = memo(
  ({ event: { email_id: emailId, recipient }, addressOf, onShow }: { event: ActivityEvent } & Showing) => (
    <Link
      href={`#${addressOf({ emailId, recipient })}`}
      onFollow={(event) => {
        event.preventDefault();
        onShow({ emailId, recipient });
      }}
    >
      {recipient}
    </Link>
  ),
);

const CredentialCell = memo(CredentialLink);
