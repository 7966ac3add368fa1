import FormField from "@cloudscape-design/components/form-field";
import Multiselect, { type MultiselectProps } from "@cloudscape-design/components/multiselect";
import { useCredentials } from "../sending/calls";
import { API_KEYS, IP_ADDRESSES, SMTP_USERS } from "../sending/kinds";

/** Whose mail a webhook tells of. */
export function WhoseMail({
  ids,
  onChange,
}: {
  ids: readonly string[];
  onChange: (changed: string[]) => void;
}) {
  const answers = [useCredentials(SMTP_USERS), useCredentials(IP_ADDRESSES), useCredentials(API_KEYS)];
  const groups = [SMTP_USERS, IP_ADDRESSES, API_KEYS].map((kind, place) => ({
    label: kind.title,
    options: (answers[place]!.credentials ?? []).map(({ id, description }) => option(id, description)),
  }));
  const known = groups.flatMap(({ options }) => options);
  const others = ids.filter((id) => !known.some(({ value }) => value === id)).map((id) => option(id));
  const options = [...groups, { label: "Not there any more", options: others }].filter(
    (group) => group.options.length,
  );
  const hasFailed = answers.some(({ error }) => error);
  return (
    <FormField
      label="Mail sent with"
      description="Only mail of these SMTP users, IP addresses and API keys. Without any, all mail."
    >
      <Multiselect
        options={options}
        selectedOptions={[...known, ...others].filter(({ value }) => ids.includes(value))}
        onChange={({ detail }) => onChange(detail.selectedOptions.map(({ value }) => value!))}
        filteringType="auto"
        filteringAriaLabel="Find SMTP users, IP addresses and API keys"
        statusType={hasFailed ? "error" : answers.some(({ isLoading }) => isLoading) ? "loading" : "finished"}
        loadingText="Loading"
        errorText="Not all of them could be loaded."
        recoveryText="Try again"
        onLoadItems={() => answers.forEach(({ error, refetch }) => error && void refetch())}
        placeholder={ids.length === 0 ? "All mail" : "Choose more"}
        empty="There are no SMTP users, IP addresses or API keys yet."
        noMatch="Nothing matches."
        deselectAriaLabel={({ label }) => `Remove ${label}`}
      />
    </FormField>
  );
}

function option(value: string, description = ""): MultiselectProps.Option & { value: string } {
  return { value, label: value, ...(description && { description }) };
}
