import { useCollection } from "@cloudscape-design/collection-hooks";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useState, type ReactNode } from "react";
import { Empty } from "../parts/empty";
import { Failure } from "../parts/failure";
import { Page } from "./page";

const PAGE_SIZE = 50;
const NONE: readonly never[] = [];

/**
 * A page that is a table of things which are added and removed.
 *
 * @param several What they are called; the title is the same, as a heading.
 * @param purpose What they are for.
 * @param items All of them; undefined as long as they are not known.
 * @param fields What a text is looked for in; the table is sorted by the first of them.
 * @param nameOf What tells one from the others, for a reader, and without `keyOf` for the table.
 * @param add The dialog that adds one.
 * @param remove The dialog that asks whether some are to go.
 */
export function TablePage<T>({
  title,
  one,
  several,
  purpose,
  items: all,
  isLoading,
  error,
  retry,
  fields,
  nameOf,
  keyOf = nameOf,
  columns,
  wrapLines = false,
  add,
  remove,
}: {
  title: string;
  one: string;
  several: string;
  purpose: string;
  items: readonly T[] | undefined;
  isLoading: boolean;
  error: Error | null;
  retry: () => unknown;
  fields: [keyof T & string, ...(keyof T & string)[]];
  nameOf: (item: T) => string;
  keyOf?: (item: T) => string;
  columns: TableProps.ColumnDefinition<T>[];
  wrapLines?: boolean;
  add: (close: () => void) => ReactNode;
  remove: (chosen: readonly T[], onDone: () => void, close: () => void) => ReactNode;
}) {
  const [dialog, setDialog] = useState<"add" | "remove" | null>(null);
  const close = () => setDialog(null);
  const addButton = (
    <Button variant="primary" onClick={() => setDialog("add")}>
      Add {one}
    </Button>
  );
  const { items, collectionProps, filterProps, paginationProps, filteredItemsCount, actions } = useCollection(
    all ?? NONE,
    {
      filtering: {
        fields,
        // A failure says by itself that nothing is shown.
        empty: all && <Empty title={`No ${several} yet`} text={purpose} action={addButton} />,
        noMatch: <Empty title="Nothing matches" text={`None of the ${several} holds this text.`} />,
      },
      sorting: { defaultState: { sortingColumn: { sortingField: fields[0] } } },
      pagination: { pageSize: PAGE_SIZE },
      selection: { trackBy: keyOf },
    },
  );
  const chosen = collectionProps.selectedItems ?? [];
  const done = () => {
    actions.setSelectedItems([]);
    close();
  };
  return (
    <Page title={title} contentType="table">
      <SpaceBetween size="m">
        <Failure error={error} retry={retry} />
        <Table<T>
          {...collectionProps}
          variant="full-page"
          stickyHeader
          wrapLines={wrapLines}
          selectionType="multi"
          items={items}
          loading={isLoading}
          loadingText="Loading"
          columnDefinitions={columns}
          ariaLabels={{
            tableLabel: title,
            selectionGroupLabel: `Choose ${several}`,
            allItemsSelectionLabel: () => "Choose all",
            itemSelectionLabel: (_, item) => `Choose ${nameOf(item)}`,
          }}
          header={
            <Header
              variant="awsui-h1-sticky"
              description={purpose}
              counter={all && `(${all.length})`}
              actions={
                <SpaceBetween direction="horizontal" size="xs">
                  <Button disabled={chosen.length === 0} onClick={() => setDialog("remove")}>
                    Remove
                  </Button>
                  {addButton}
                </SpaceBetween>
              }
            >
              {title}
            </Header>
          }
          filter={
            <TextFilter
              {...filterProps}
              filteringAriaLabel={`Find ${several}`}
              filteringPlaceholder={`Find ${several}`}
              countText={`${filteredItemsCount ?? 0} found`}
            />
          }
          pagination={<Pagination {...paginationProps} />}
        />
      </SpaceBetween>
      {dialog === "add" && add(close)}
      {dialog === "remove" && remove(chosen, done, close)}
    </Page>
  );
}
