import FormField from "@cloudscape-design/components/form-field";
import Grid from "@cloudscape-design/components/grid";
import Multiselect, { type MultiselectProps } from "@cloudscape-design/components/multiselect";
import Select from "@cloudscape-design/components/select";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useState, type ReactNode } from "react";
import { CredentialChoice } from "../../sending/credential-choice";
import { CLASSES, OPEN_CLASSES } from "../classes";
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
  onChange,
}: {
  filter: Filter;
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
      <FormField label="Sent with" stretch>
        <CredentialChoice
          ids={filter.credentials}
          onChange={(credentials) => onChange({ credentials })}
          placeholder="Any"
          inlineTokens
          expandToViewport
        />
      </FormField>
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
  // What was handed on and is not in the address yet; its writer may be further meanwhile.
  const [sent, setSent] = useState<readonly string[]>([]);
  if (known !== text) {
    const place = sent.indexOf(text);
    setKnown(text);
    setSent(place < 0 ? [] : sent.slice(place + 1));
    if (place < 0) {
      // The address changed by itself, by Back for instance.
      setEntered(text);
    }
  }
  const hand = (changed: string) => {
    if (changed !== text) {
      setSent([...sent, changed]);
      onChange(changed);
    }
  };
  return (
    <TextFilter
      filteringText={entered}
      filteringPlaceholder="Recipient, subject or email id"
      filteringAriaLabel="Find"
      filteringClearAriaLabel="Clear the text"
      onChange={({ detail }) => setEntered(detail.filteringText)}
      onDelayedChange={({ detail }) => hand(detail.filteringText)}
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
  options: readonly (MultiselectProps.Option & { value: string })[];
  chosen: readonly string[];
  onChange: (changed: string[]) => void;
}): ReactNode {
  return (
    <FormField label={label} stretch>
      <Multiselect
        options={options}
        selectedOptions={options.filter(({ value }) => chosen.includes(value))}
        onChange={({ detail }) => onChange(detail.selectedOptions.map(({ value }) => value!))}
        placeholder="Any"
        inlineTokens
        expandToViewport
      />
    </FormField>
  );
}
