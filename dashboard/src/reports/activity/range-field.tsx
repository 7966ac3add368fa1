import FormField from "@cloudscape-design/components/form-field";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { lazy, Suspense } from "react";
import { asDates, LASTS, type Last, type Range } from "./filter";

// It is as large as the rest of the page, and few look at another time than the last days.
const DatesPicker = lazy(() => import("./dates-picker"));

const DATES = { value: "dates", label: "From and to …" };
const OPTIONS = [...LASTS.map(({ last, label }) => ({ value: last, label })), DATES];

/** Which time is looked at: so much until now, or from one time to another. */
export function RangeField({ range, onChange }: { range: Range; onChange: (changed: Range) => void }) {
  const chosen = "last" in range ? range.last : DATES.value;
  return (
    <SpaceBetween size="xxs">
      <FormField label="Time" stretch>
        <Select
          options={OPTIONS}
          selectedOption={OPTIONS.find(({ value }) => value === chosen)!}
          onChange={({ detail: { selectedOption } }) =>
            onChange(
              selectedOption.value === DATES.value
                ? asDates(range, new Date())
                : { last: selectedOption.value as Last },
            )
          }
        />
      </FormField>
      {"from" in range && (
        <Suspense>
          <DatesPicker dates={range} onChange={onChange} />
        </Suspense>
      )}
    </SpaceBetween>
  );
}
