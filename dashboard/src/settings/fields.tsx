import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Multiselect from "@cloudscape-design/components/multiselect";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { CredentialChoice } from "../sending/credential-choice";
import { Authorization } from "./authorization";
import type { Entered } from "./entered";
import { eventLabel, eventOptions, FORMATS, untold } from "./words";

/**
 * The fields for a webhook's settings.
 *
 * @param saved What it has; absent if it is a new one.
 */
export function WebhookFields({
  entered,
  saved,
  onChange,
}: {
  entered: Entered;
  saved?: Entered;
  onChange: (changed: Partial<Entered>) => void;
}) {
  const format = FORMATS.find(({ value }) => value === entered.output_format)!;
  return (
    <SpaceBetween size="m">
      <FormField label="URL" constraintText="It begins with https:// and leads to a public address.">
        <Input
          autoFocus={!saved}
          inputMode="url"
          autoComplete={false}
          spellcheck={false}
          placeholder="https://example.com/hook"
          value={entered.url}
          onChange={({ detail }) => onChange({ url: detail.value })}
        />
      </FormField>
      <Events entered={entered} onChange={onChange} />
      <FormField
        label="Mail sent with"
        description="Only mail of these SMTP users, IP addresses and API keys. Without any, all mail."
      >
        <CredentialChoice
          ids={entered.usernames}
          onChange={(usernames) => onChange({ usernames })}
          placeholder={entered.usernames.length === 0 ? "All mail" : "Choose more"}
        />
      </FormField>
      <FormField label="Format">
        <Select
          selectedOption={format}
          options={FORMATS}
          onChange={({ detail }) =>
            onChange({ output_format: detail.selectedOption.value as Entered["output_format"] })
          }
        />
      </FormField>
      <FormField
        label="Headers of the mail"
        description="Their values are told too, for mail that is sent from now on. Optional."
        constraintText="One name a line, such as X-Campaign. At most 20."
      >
        <Textarea
          rows={2}
          autoComplete={false}
          spellcheck={false}
          value={entered.headers}
          onChange={({ detail }) => onChange({ headers: detail.value })}
        />
      </FormField>
      <Authorization entered={entered} onChange={onChange} {...(saved && { saved })} />
    </SpaceBetween>
  );
}

function Events({
  entered: { events, output_format: format },
  onChange,
}: {
  entered: Entered;
  onChange: (changed: Pick<Entered, "events">) => void;
}) {
  const options = eventOptions(format, events);
  const missing = untold(format, events).map(eventLabel);
  return (
    <FormField
      label="Events"
      description="What the webhook tells of."
      errorText={missing.length > 0 && `Postmark's format cannot tell of this: ${missing.join(", ")}.`}
      warningText={events.length === 0 && "Without events nothing is sent."}
    >
      <Multiselect
        options={options}
        selectedOptions={options.filter(({ value }) => events.includes(value))}
        onChange={({ detail }) =>
          onChange({ events: detail.selectedOptions.map(({ value }) => value as Entered["events"][number]) })
        }
        placeholder={events.length === 0 ? "None" : "Choose more"}
      />
    </FormField>
  );
}
