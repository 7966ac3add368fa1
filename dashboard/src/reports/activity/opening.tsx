import Box from "@cloudscape-design/components/box";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Schemas } from "../../api/calls";
import { Facts } from "../../parts/facts";
import { ClassBadge, CLASSES, confidence, percent, type OpenClass } from "../classes";
import { reading } from "./reading";

type Client = Schemas["EmailClient"];

const COUNTRIES = new Intl.DisplayNames(undefined, { type: "region" });

/** Loaded by the reader's own program: where it came from is where the reader was. */
const OWN: readonly OpenClass[] = ["direct_open", "sender_self"];

/** What one open was, and what it says. */
export function Opening({ open, client }: { open: Schemas["OpenMetadata"]; client: Client }) {
  return (
    <SpaceBetween size="xs">
      <ClassBadge of={open.class} />
      <div>{open.sentence}</div>
      <div>{reading(open)}</div>
      {open.fetch_count > 1 && (
        <div>Loaded {open.fetch_count} times within a minute, which counts as one open.</div>
      )}
      <Facts
        of={[
          ["Client", client.client ?? "Not told"],
          ["Device", [client.device, client.system].filter(Boolean).join(", ") || "Not told"],
          [OWN.includes(open.class) ? "Place" : "Place of what loaded it", place(client)],
          ["Network", network(client)],
          ["Kind of open", `${CLASSES[open.class].label}, ${confidence(open.confidence)}`],
          ["Shown to a person", likelihood(open.human_probability)],
        ]}
      />
      {client.user_agent && (
        <Box variant="small" color="text-body-secondary">
          {client.user_agent}
        </Box>
      )}
    </SpaceBetween>
  );
}

function place(client: Client): string {
  const country = client.country && countryName(client.country);
  return [client.city, country].filter(Boolean).join(", ") || "Not known";
}

function countryName(code: string): string {
  try {
    return COUNTRIES.of(code) ?? code;
  } catch {
    // What the edge says need not be a country's code.
    return code;
  }
}

function network(client: Client): string {
  const number = client.asn !== null && `AS${client.asn}`;
  return [client.ip_address, number].filter(Boolean).join(", ") || "Not known";
}

function likelihood(share: number | null): string {
  return share === null ? "Cannot be known" : `${percent(share)} likely`;
}
