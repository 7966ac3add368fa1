import FormField from "@cloudscape-design/components/form-field";
import Grid from "@cloudscape-design/components/grid";
import Multiselect, { type MultiselectProps } from "@cloudscape-design/components/multiselect";
import Select from "@cloudscape-design/components/select";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useState, type ReactNode } from "react";
import { CLASSES, OPEN_CLASSES } from "../classes";
import type { Group } from "./credentials";
import { EVENT_TYPES, wordsOfType } from "./events";
import { PAGE_SIZES, type Filter } from "./filter";
import { RangeField } from "./range-field";

const EVENTS = EVENT_TYPES.map((value) => ({
  value,
  label: wordsOfType(value).label,
  description: wordsOfType(value).meaning,
}));

const OPENS = OPEN_CLASSES.map((value) => ({
  value,
  label: CLASSES[value].label,
  description: CLASSES[value].meaning,
}));

const SIZES = PAGE_SIZES.map((size) => ({ value: String(size), label: `${size} events` }));

const FIELD = { colspan: { default: 6, xs: 4, l: 2 } } as const;
const TEXT_FIELD = { colspan: { ...FIELD.colspan, default: 12 } } as const;
const FIELDS = [TEXT_FIELD, FIELD, FIELD, FIELD, FIELD, FIELD];

/** The fields that say what is looked for; each change counts at once, a text when its writer pauses. */
export function FilterFields({
  filter,
  groups,
  onChange,
}: {
  filter: Filter;
  groups: readonly Group[];
  onChange: (changed: Partial<Filter>) => void;
}) {
  return (
    <Grid gridDefinition={FIELDS}>
      <FormField label="Find" stretch>
        <Text text={filter.text} onChange={(text) => onChange({ text })} />
      </FormField>
      <RangeField range={filter.range} onChange={(range) => onChange({ range })} />
      <Choice
        label="Event"
        options={EVENTS}
        chosen={filter.events}
        onChange={(events) => onChange({ events: events as Filter["events"] })}
      />
      <Choice
        label="Sent with"
        options={credentialOptions(groups, filter.credentials)}
        chosen={filter.credentials}
        onChange={(credentials) => onChange({ credentials })}
      />
      <Choice
        label="Kind of open"
        options={OPENS}
        chosen={filter.classes}
        onChange={(classes) => onChange({ classes: classes as Filter["classes"] })}
      />
      <FormField label="On a page" stretch>
        <Select
          options={SIZES}
          selectedOption={SIZES.find(({ value }) => Number(value) === filter.pageSize)!}
          onChange={({ detail }) => onChange({ pageSize: Number(detail.selectedOption.value) })}
        />
      </FormField>
    </Grid>
  );
}

function Text({ text, onChange }: { text: string; onChange: (changed: string) => void }) {
  const [entered, setEntered] = useState(text);
  const [known, setKnown] = useState(text);
  if (known !== text) {
    // The address changed, by Back for instance.
    setKnown(text);
    setEntered(text);
  }
  return (
    <TextFilter
      filteringText={entered}
      filteringPlaceholder="Recipient, subject or email id"
      filteringAriaLabel="Find"
      filteringClearAriaLabel="Clear the text"
      onChange={({ detail }) => setEntered(detail.filteringText)}
      onDelayedChange={({ detail }) => onChange(detail.filteringText)}
    />
  );
}

function Choice({
  label,
  options,
  chosen,
  onChange,
}: {
  label: string;
  options: MultiselectProps.Options;
  chosen: readonly string[];
  onChange: (changed: string[]) => void;
}): ReactNode {
  const known = options.flatMap((option) => ("options" in option ? option.options : [option]));
  return (
    <FormField label={label} stretch>
      <Multiselect
        options={options}
        selectedOptions={known.filter(({ value }) => chosen.includes(value!))}
        onChange={({ detail }) => onChange(detail.selectedOptions.map(({ value }) => value!))}
        placeholder="Any"
        inlineTokens
        expandToViewport
        filteringType={known.length > 10 ? "auto" : "none"}
        filteringAriaLabel="Find"
        filteringClearAriaLabel="Clear the text"
        empty="There is none."
        noMatch="Nothing matches."
        deselectAriaLabel={(option) => `Remove ${option.label}`}
      />
    </FormField>
  );
}

/** Of what was removed, or is not known yet, the address may still have the id. */
function credentialOptions(groups: readonly Group[], chosen: readonly string[]): MultiselectProps.Options {
  const known = groups
    .filter(({ credentials }) => credentials.length > 0)
    .map(({ kind, credentials }) => ({
      label: kind.title,
      options: credentials.map(({ id, description }) => ({ value: id, label: id, description })),
    }));
  const ids = groups.flatMap(({ credentials }) => credentials.map(({ id }) => id));
  const gone = chosen.filter((id) => !ids.includes(id)).map((id) => ({ value: id, label: id }));
  return [...known, ...gone];
}
