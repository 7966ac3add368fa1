/** The fields that each new credential has, whatever its kind. */

import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Toggle from "@cloudscape-design/components/toggle";

export interface NewCredential {
  description: string;
  open_tracking_enabled: boolean;
}

export const NEW: NewCredential = { description: "", open_tracking_enabled: true };

export function NewCredentialFields({
  entered,
  onChange,
}: {
  entered: NewCredential;
  onChange: (changed: NewCredential) => void;
}) {
  return (
    <SpaceBetween size="m">
      <FormField label="Description" description="A note for people. Optional.">
        <Input
          value={entered.description}
          onChange={({ detail }) => onChange({ ...entered, description: detail.value })}
        />
      </FormField>
      <Toggle
        checked={entered.open_tracking_enabled}
        onChange={({ detail }) => onChange({ ...entered, open_tracking_enabled: detail.checked })}
        description="Put a transparent image into its HTML mail, and record when it is loaded."
      >
        Open Tracking
      </Toggle>
    </SpaceBetween>
  );
}
