import Box from "@cloudscape-design/components/box";
import Link from "@cloudscape-design/components/link";
import type { TableProps } from "@cloudscape-design/components/table";
import type { ReactNode } from "react";
import { TablePage } from "../frame/table-page";
import { useCredentials } from "./calls";
import { address, type Credential, type Kind } from "./kinds";
import { RemoveCredentials } from "./remove-credentials";
import { Status, Tracked } from "./status";

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
  return (
    <TablePage<Credential>
      title={kind.title}
      one={kind.one}
      several={kind.several}
      purpose={description}
      items={credentials}
      isLoading={isLoading}
      error={error}
      retry={refetch}
      fields={["id", "description", "status"]}
      nameOf={({ id }) => id}
      columns={columns(kind)}
      add={add}
      remove={(chosen, onDone, close) => (
        <RemoveCredentials kind={kind} ids={chosen.map(({ id }) => id)} onDone={onDone} onDismiss={close} />
      )}
    />
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
