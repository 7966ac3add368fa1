import FormField from "@cloudscape-design/components/form-field";
import Multiselect from "@cloudscape-design/components/multiselect";

const OPTIONS = [
  { value: "*", label: "Everything" },
  { value: "/email/*", label: "Send mail" },
  { value: "/activity/*", label: "Read the activity" },
  { value: "/stats/*", label: "Read statistics" },
  { value: "/opens/*", label: "Explain opens" },
  { value: "/webhook/*", label: "Webhooks" },
  { value: "/users/*", label: "SMTP users" },
  { value: "/ip_auth/*", label: "IP addresses" },
  { value: "/api_keys/*", label: "API keys" },
].map((each) => ({ ...each, description: each.value }));

/** The calls that an API key may make, as patterns of their paths. */
export function Permissions({
  patterns,
  onChange,
}: {
  patterns: readonly string[];
  onChange: (changed: string[]) => void;
}) {
  const own = patterns.filter((value) => !OPTIONS.some((option) => option.value === value));
  const options = [...OPTIONS, ...own.map((value) => ({ value, label: value, description: value }))];
  return (
    <FormField label="Permissions" description="The calls of the API that this key may make.">
      <Multiselect
        options={options}
        selectedOptions={options.filter(({ value }) => patterns.includes(value))}
        onChange={({ detail }) => onChange(detail.selectedOptions.map(({ value }) => value!))}
        placeholder={patterns.length === 0 ? "None" : "Choose"}
      />
    </FormField>
  );
}
