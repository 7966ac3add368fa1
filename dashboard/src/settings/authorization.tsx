import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Entered } from "./entered";

const TYPES: readonly { value: Entered["auth_header_type"]; label: string; valueLabel: string }[] = [
  { value: "", label: "None", valueLabel: "" },
  { value: "bearer", label: "Bearer token", valueLabel: "Token" },
  { value: "basic", label: "Username and password", valueLabel: "Username and password" },
];

/** What the Authorization header says. */
export function Authorization({
  entered,
  saved,
  onChange,
}: {
  entered: Entered;
  saved?: Entered;
  onChange: (changed: Partial<Entered>) => void;
}) {
  const type = TYPES.find(({ value }) => value === entered.auth_header_type)!;
  return (
    <SpaceBetween size="m">
      <FormField
        label="Authorization header"
        description="For receivers that want one. Each webhook is signed in any case."
      >
        <Select
          selectedOption={type}
          options={TYPES}
          // What was entered for one type makes no sense for another one.
          onChange={({ detail }) =>
            onChange({
              auth_header_type: detail.selectedOption.value as Entered["auth_header_type"],
              auth_header_value: "",
            })
          }
        />
      </FormField>
      {type.value !== "" && (
        <FormField
          label={type.valueLabel}
          description={storedHint(entered, saved)}
          constraintText={type.value === "basic" && "Written as user:password."}
        >
          <Input
            type="password"
            autoComplete="new-password"
            value={entered.auth_header_value}
            onChange={({ detail }) => onChange({ auth_header_value: detail.value })}
          />
        </FormField>
      )}
    </SpaceBetween>
  );
}

function storedHint(entered: Entered, saved?: Entered): string | undefined {
  if (!saved || saved.auth_header_type !== entered.auth_header_type) {
    return undefined;
  }
  return saved.url === entered.url.trim()
    ? "One is stored, and never shown. Leave this empty to keep it."
    : "Enter it again: what is stored is not sent to another URL.";
}
