import { useCollection } from "@cloudscape-design/collection-hooks";
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Pagination from "@cloudscape-design/components/pagination";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { share, type Counts } from "./counts";

const PAGE_SIZE = 10;

type Row = Counts & { name: string; note: string | null };

/**
 * Counts side by side, of each credential or each domain.
 *
 * @param leftOut How many are not among the rows.
 * @param isComplete Whether the rows are of all days.
 */
export function ByName({
  title,
  label,
  rows,
  leftOut,
  isComplete = true,
}: {
  title: string;
  label: string;
  rows: readonly Row[];
  leftOut: number;
  isComplete?: boolean;
}) {
  const { items, collectionProps, paginationProps } = useCollection(rows, {
    sorting: { defaultState: { sortingColumn: { sortingField: "sent" }, isDescending: true } },
    pagination: { pageSize: PAGE_SIZE },
  });
  return (
    <Table<Row>
      {...collectionProps}
      items={items}
      variant="container"
      ariaLabels={{ tableLabel: title }}
      header={
        <Header variant="h2" counter={`(${(rows.length + leftOut).toLocaleString()})`}>
          {title}
        </Header>
      }
      columnDefinitions={columns(label)}
      empty={<Box color="text-body-secondary">Nothing was sent or opened on these days.</Box>}
      pagination={rows.length > PAGE_SIZE && <Pagination {...paginationProps} />}
      footer={
        (leftOut > 0 || !isComplete) && (
          <SpaceBetween size="s">
            {leftOut > 0 && (
              <Box>Shown are those with the most mails; {leftOut.toLocaleString()} more are not.</Box>
            )}
            {!isComplete && (
              <Alert type="info">
                There are too many to read at once: the oldest days are missing here. Choose a shorter time.
              </Alert>
            )}
          </SpaceBetween>
        )
      }
    />
  );
}

function columns(label: string): TableProps.ColumnDefinition<Row>[] {
  return [
    {
      id: "name",
      header: label,
      isRowHeader: true,
      sortingField: "name",
      cell: ({ name, note }) => (
        <>
          {name}
          {note && (
            <Box color="text-body-secondary" fontSize="body-s">
              {note}
            </Box>
          )}
        </>
      ),
    },
    count("sent", "Sent"),
    count("delivered", "Delivered"),
    count("opens", "Reported opens"),
    count("opens_human", "By people"),
    {
      id: "share",
      header: "% by people",
      cell: (row) => share(row.opens_human, row.delivered),
      sortingComparator: (one, other) => ratio(one) - ratio(other),
    },
  ];
}

function count(field: keyof Counts, header: string): TableProps.ColumnDefinition<Row> {
  return { id: field, header, cell: (row) => row[field].toLocaleString(), sortingField: field };
}

function ratio(row: Row): number {
  return row.delivered && row.opens_human / row.delivered;
}
