import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import { useChange } from "../api/queries";
import { useNotify } from "../frame/notices";
import { Dialog } from "../parts/dialog";
import { CredentialTable } from "./credential-table";
import { IP_ADDRESSES } from "./kinds";
import { NEW, NewCredentialFields } from "./new-credential";

export default function IpAddresses() {
  return (
    <CredentialTable
      kind={IP_ADDRESSES}
      description="Whoever connects by SMTP from one of these addresses may hand in mail without a login."
      add={(close) => <AddIpAddress onDismiss={close} />}
    />
  );
}

function AddIpAddress({ onDismiss }: { onDismiss: () => void }) {
  const [entered, setEntered] = useState({ ...NEW, ip_address: "" });
  const add = useChange("/v3/ip_auth/add", [IP_ADDRESSES.view]);
  const notify = useNotify();
  const submit = () =>
    add.mutate(entered, {
      onSuccess: ({ results }) => {
        notify(`${results[0]?.ip_address ?? entered.ip_address} may send mail without a login now.`);
        onDismiss();
      },
    });
  return (
    <Dialog title="Add IP address" action="Add" call={add} onSubmit={submit} onDismiss={onDismiss}>
      <FormField
        label="Address or range"
        constraintText="Such as 198.51.100.7, 198.51.100.0/24 or 2001:db8::/64."
      >
        <Input
          autoFocus
          autoComplete={false}
          spellcheck={false}
          value={entered.ip_address}
          onChange={({ detail }) => setEntered({ ...entered, ip_address: detail.value.trim() })}
        />
      </FormField>
      <NewCredentialFields
        entered={entered}
        onChange={(changed) => setEntered((known) => ({ ...known, ...changed }))}
      />
    </Dialog>
  );
}
