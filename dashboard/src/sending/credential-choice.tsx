import Multiselect, { type MultiselectProps } from "@cloudscape-design/components/multiselect";
import { useGroups } from "./groups";

/** Some of the credentials, of whatever kind; one that was removed stays to be seen until it is taken away. */
export function CredentialChoice({
  ids,
  onChange,
  ...props
}: {
  ids: readonly string[];
  onChange: (changed: string[]) => void;
} & Pick<MultiselectProps, "placeholder" | "inlineTokens" | "expandToViewport">) {
  const { groups, isLoading, hasFailed, retry } = useGroups();
  const listed = groups.map(({ kind, credentials }) => ({
    label: kind.title,
    options: credentials.map(({ id, description }) => option(id, description)),
  }));
  const known = listed.flatMap(({ options }) => options);
  const others = ids.filter((id) => !known.some(({ value }) => value === id)).map((id) => option(id));
  return (
    <Multiselect
      {...props}
      options={[...listed, { label: "Others", options: others }].filter(({ options }) => options.length > 0)}
      selectedOptions={[...known, ...others].filter(({ value }) => ids.includes(value))}
      onChange={({ detail }) => onChange(detail.selectedOptions.map(({ value }) => value!))}
      filteringType="auto"
      filteringAriaLabel="Find SMTP users, IP addresses and API keys"
      statusType={hasFailed ? "error" : isLoading ? "loading" : "finished"}
      loadingText="Loading"
      errorText="Not all of them could be loaded."
      recoveryText="Try again"
      onLoadItems={retry}
      empty="There are no SMTP users, IP addresses or API keys yet."
      noMatch="Nothing matches."
    />
  );
}

function option(value: string, description = "") {
  return { value, label: value, ...(description && { description }) };
}
