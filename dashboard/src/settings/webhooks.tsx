import { useCollection } from "@cloudscape-design/collection-hooks";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useState } from "react";
import { useAnswer } from "../api/queries";
import { Page } from "../frame/page";
import { Empty } from "../parts/empty";
import { Failure } from "../parts/failure";
import { AddWebhook } from "./add-webhook";
import { PAGE, VIEW, type Webhook } from "./calls";
import { RemoveWebhooks } from "./remove-webhooks";
import { Status } from "./status";
import { eventLabel, formatLabel, inOneLine } from "./words";

const PAGE_SIZE = 50;
const PURPOSE = "A webhook tells a program of yours what becomes of mail: that it was opened, or bounced.";
const NONE: readonly Webhook[] = [];

export default function Webhooks() {
  const { data, error, isLoading, refetch } = useAnswer(VIEW, {});
  const [dialog, setDialog] = useState<"add" | "remove" | null>(null);
  const addButton = (
    <Button variant="primary" onClick={() => setDialog("add")}>
      Add webhook
    </Button>
  );
  const { items, collectionProps, filterProps, paginationProps, filteredItemsCount, actions } = useCollection(
    data ?? NONE,
    {
      filtering: {
        fields: ["url", "events", "usernames", "output_format", "status"],
        // A failure says by itself that nothing is shown.
        empty: data && <Empty title="No webhooks yet" text={PURPOSE} action={addButton} />,
        noMatch: <Empty title="Nothing matches" text="None of the webhooks holds this text." />,
      },
      sorting: { defaultState: { sortingColumn: { sortingField: "url" } } },
      pagination: { pageSize: PAGE_SIZE },
      selection: { trackBy: (each) => String(each.id) },
    },
  );
  const chosen = collectionProps.selectedItems ?? [];
  return (
    <Page title="Webhooks" contentType="table">
      <SpaceBetween size="m">
        <Failure error={error} retry={refetch} />
        <Table<Webhook>
          {...collectionProps}
          variant="full-page"
          stickyHeader
          wrapLines
          selectionType="multi"
          items={items}
          loading={isLoading}
          loadingText="Loading"
          columnDefinitions={COLUMNS}
          ariaLabels={{
            tableLabel: "Webhooks",
            selectionGroupLabel: "Choose webhooks",
            allItemsSelectionLabel: () => "Choose all",
            itemSelectionLabel: (_, item) => `Choose ${item.url}`,
          }}
          header={
            <Header
              variant="awsui-h1-sticky"
              description={PURPOSE}
              counter={data && `(${data.length})`}
              actions={
                <SpaceBetween direction="horizontal" size="xs">
                  <Button disabled={chosen.length === 0} onClick={() => setDialog("remove")}>
                    Remove
                  </Button>
                  {addButton}
                </SpaceBetween>
              }
            >
              Webhooks
            </Header>
          }
          filter={
            <TextFilter
              {...filterProps}
              filteringAriaLabel="Find webhooks"
              filteringPlaceholder="Find webhooks"
              countText={`${filteredItemsCount ?? 0} found`}
            />
          }
          pagination={<Pagination {...paginationProps} />}
        />
      </SpaceBetween>
      {dialog === "add" && <AddWebhook onDismiss={() => setDialog(null)} />}
      {dialog === "remove" && (
        <RemoveWebhooks
          webhooks={chosen}
          onDone={() => {
            actions.setSelectedItems([]);
            setDialog(null);
          }}
          onDismiss={() => setDialog(null)}
        />
      )}
    </Page>
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
