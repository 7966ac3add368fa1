import DateRangePicker, { type DateRangePickerProps } from "@cloudscape-design/components/date-range-picker";
import type { Dates } from "./filter";

/** From one time to another, in the viewer's zone. */
export default function DatesPicker({
  dates: { from, until },
  onChange,
}: {
  dates: Dates;
  onChange: (changed: Dates) => void;
}) {
  const change = (value: DateRangePickerProps.Value | null) =>
    value?.type === "absolute" && onChange({ from: value.startDate, until: value.endDate });
  return (
    <DateRangePicker
      ariaLabel="From and to"
      rangeSelectorMode="absolute-only"
      dateInputFormat="iso"
      absoluteFormat="long-localized"
      value={{ type: "absolute", startDate: from, endDate: until }}
      relativeOptions={[]}
      showClearButton={false}
      hideTimeOffset
      expandToViewport
      isValidRange={judge}
      onChange={({ detail }) => change(detail.value)}
    />
  );
}

function judge(range: DateRangePickerProps.Value | null): DateRangePickerProps.ValidationResult {
  if (range?.type !== "absolute") {
    return { valid: false, errorMessage: "Choose the first day and the last." };
  }
  const [start, end] = [new Date(range.startDate), new Date(range.endDate)];
  if (isNaN(start.getTime()) || isNaN(end.getTime())) {
    return { valid: false, errorMessage: "Choose the first day and the last." };
  }
  return start <= end ? { valid: true } : { valid: false, errorMessage: "The end is before the beginning." };
}
