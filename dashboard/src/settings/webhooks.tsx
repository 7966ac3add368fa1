import Link from "@cloudscape-design/components/link";
import type { TableProps } from "@cloudscape-design/components/table";
import { useAnswer } from "../api/queries";
import { TablePage } from "../frame/table-page";
import { AddWebhook } from "./add-webhook";
import { PAGE, VIEW, type Webhook } from "./calls";
import { RemoveWebhooks } from "./remove-webhooks";
import { Status } from "./status";
import { eventLabel, formatLabel, inOneLine } from "./words";

const PURPOSE = "A webhook tells a program of yours what becomes of mail: that it was opened, or bounced.";

export default function Webhooks() {
  const { data, error, isLoading, refetch } = useAnswer(VIEW, {});
  return (
    <TablePage<Webhook>
      title="Webhooks"
      one="webhook"
      several="webhooks"
      purpose={PURPOSE}
      items={data}
      isLoading={isLoading}
      error={error}
      retry={refetch}
      fields={["url", "events", "usernames", "output_format", "status"]}
      nameOf={({ url }) => url}
      keyOf={({ id }) => String(id)}
      columns={COLUMNS}
      wrapLines
      add={(close) => <AddWebhook onDismiss={close} />}
      remove={(chosen, onDone, close) => (
        <RemoveWebhooks webhooks={chosen} onDone={onDone} onDismiss={close} />
      )}
    />
  );
}

const COLUMNS: TableProps.ColumnDefinition<Webhook>[] = [
  {
    id: "url",
    header: "URL",
    cell: ({ id, url }) => <Link href={`#${PAGE}/${id}`}>{url}</Link>,
    sortingField: "url",
    isRowHeader: true,
    minWidth: 200,
  },
  {
    id: "events",
    header: "Events",
    cell: ({ events }) => inOneLine(events.map(eventLabel), "None"),
    minWidth: 120,
  },
  {
    id: "usernames",
    header: "Mail sent with",
    cell: ({ usernames }) => inOneLine(usernames, "All"),
    minWidth: 120,
  },
  {
    id: "format",
    header: "Format",
    cell: ({ output_format: format }) => formatLabel(format),
    sortingField: "output_format",
  },
  {
    id: "status",
    header: "Status",
    cell: (each) => <Status webhook={each} />,
    minWidth: 190,
    sortingField: "status",
  },
];
