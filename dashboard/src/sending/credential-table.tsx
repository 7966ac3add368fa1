import { useCollection } from "@cloudscape-design/collection-hooks";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useState, type ReactNode } from "react";
import { Page } from "../frame/page";
import { Empty } from "../parts/empty";
import { Failure } from "../parts/failure";
import { useCredentials } from "./calls";
import { address, type Credential, type Kind } from "./kinds";
import { RemoveCredentials } from "./remove-credentials";
import { Status, Tracked } from "./status";

const PAGE_SIZE = 50;
const NONE: readonly Credential[] = [];

/**
 * All credentials of a kind.
 *
 * @param description What they are for.
 * @param add The dialog that adds one.
 */
export function CredentialTable({
  kind,
  description,
  add,
}: {
  kind: Kind;
  description: string;
  add: (close: () => void) => ReactNode;
}) {
  const { credentials, error, isLoading, refetch } = useCredentials(kind);
  const [dialog, setDialog] = useState<"add" | "remove" | null>(null);
  const addButton = (
    <Button variant="primary" onClick={() => setDialog("add")}>
      Add {kind.one}
    </Button>
  );
  const { items, collectionProps, filterProps, paginationProps, filteredItemsCount, actions } = useCollection(
    credentials ?? NONE,
    {
      filtering: {
        fields: ["id", "description", "status"],
        // A failure says by itself that nothing is shown.
        empty: credentials && (
          <Empty title={`No ${kind.several} yet`} text={description} action={addButton} />
        ),
        noMatch: <Empty title="Nothing matches" text={`None of the ${kind.several} holds this text.`} />,
      },
      sorting: { defaultState: { sortingColumn: { sortingField: "id" } } },
      pagination: { pageSize: PAGE_SIZE },
      selection: { trackBy: "id" },
    },
  );
  const chosen = collectionProps.selectedItems ?? [];
  return (
    <Page title={kind.title} contentType="table">
      <SpaceBetween size="m">
        <Failure error={error} retry={refetch} />
        <Table<Credential>
          {...collectionProps}
          variant="full-page"
          stickyHeader
          selectionType="multi"
          items={items}
          loading={isLoading}
          loadingText="Loading"
          columnDefinitions={columns(kind)}
          ariaLabels={{
            tableLabel: kind.title,
            selectionGroupLabel: `Choose ${kind.several}`,
            allItemsSelectionLabel: () => "Choose all",
            itemSelectionLabel: (_, item) => `Choose ${item.id}`,
          }}
          header={
            <Header
              variant="awsui-h1-sticky"
              description={description}
              counter={credentials && `(${credentials.length})`}
              actions={
                <SpaceBetween direction="horizontal" size="xs">
                  <Button disabled={chosen.length === 0} onClick={() => setDialog("remove")}>
                    Remove
                  </Button>
                  {addButton}
                </SpaceBetween>
              }
            >
              {kind.title}
            </Header>
          }
          filter={
            <TextFilter
              {...filterProps}
              filteringAriaLabel={`Find ${kind.several}`}
              filteringPlaceholder={`Find ${kind.several}`}
              countText={`${filteredItemsCount ?? 0} found`}
            />
          }
          pagination={<Pagination {...paginationProps} />}
        />
      </SpaceBetween>
      {dialog === "add" && add(() => setDialog(null))}
      {dialog === "remove" && (
        <RemoveCredentials
          kind={kind}
          ids={chosen.map((each) => each.id)}
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

function columns(kind: Kind): TableProps.ColumnDefinition<Credential>[] {
  return [
    {
      id: "id",
      header: kind.idLabel,
      cell: ({ id }) => <Link href={`#${address(kind, id)}`}>{id}</Link>,
      sortingField: "id",
      isRowHeader: true,
    },
    {
      id: "description",
      header: "Description",
      cell: ({ description }) => description || <Box color="text-body-secondary">–</Box>,
      sortingField: "description",
    },
    {
      id: "tracking",
      header: "Open Tracking",
      cell: (each) => <Tracked isTracked={each.open_tracking_enabled} />,
      sortingField: "open_tracking_enabled",
    },
    {
      id: "status",
      header: "Status",
      cell: ({ status }) => <Status status={status} />,
      sortingField: "status",
    },
  ];
}
