/** How many recipients a credential may send to in a period. */

import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Toggle from "@cloudscape-design/components/toggle";
import type { Changes } from "./calls";
import type { Credential } from "./kinds";

const PERIODS = ["1 hour", "1 day", "7 days", "30 days"];

/** A limit as it is being entered. */
export interface Limit {
  isOn: boolean;
  recipients: string;
  period: string;
}

export const NO_LIMIT: Limit = { isOn: false, recipients: "1000", period: "1 day" };

/** The limit that a credential has. */
export function limitOf(credential: Credential): Limit {
  return credential.custom_ratelimit
    ? {
        isOn: true,
        recipients: String(credential.custom_ratelimit_value),
        period: credential.custom_ratelimit_period,
      }
    : NO_LIMIT;
}

/** A limit as the API takes it. */
export function limitFields(limit: Limit): Changes {
  return limit.isOn
    ? {
        custom_ratelimit: true,
        custom_ratelimit_value: Number(limit.recipients),
        custom_ratelimit_period: limit.period,
      }
    : { custom_ratelimit: false };
}

/** The fields for a limit. */
export function SendingLimit({ limit, onChange }: { limit: Limit; onChange: (changed: Limit) => void }) {
  const periods = PERIODS.includes(limit.period) ? PERIODS : [...PERIODS, limit.period];
  return (
    <SpaceBetween size="s">
      <Toggle
        checked={limit.isOn}
        onChange={({ detail }) => onChange({ ...limit, isOn: detail.checked })}
        description="What goes beyond it is refused until the next period begins."
      >
        Sending limit
      </Toggle>
      {limit.isOn && (
        <SpaceBetween direction="horizontal" size="s">
          <FormField label="Recipients">
            <Input
              type="number"
              inputMode="numeric"
              value={limit.recipients}
              onChange={({ detail }) => onChange({ ...limit, recipients: detail.value })}
            />
          </FormField>
          <FormField label="In each period of">
            <Select
              selectedOption={{ value: limit.period, label: limit.period }}
              options={periods.map((value) => ({ value, label: value }))}
              onChange={({ detail }) => onChange({ ...limit, period: detail.selectedOption.value! })}
            />
          </FormField>
        </SpaceBetween>
      )}
    </SpaceBetween>
  );
}
