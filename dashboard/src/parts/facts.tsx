import KeyValuePairs, { type KeyValuePairsProps } from "@cloudscape-design/components/key-value-pairs";
import type { ReactNode } from "react";

/** Names and values, side by side where there is room. */
export function Facts({ of }: { of: readonly [string, ReactNode][] }) {
  const items: KeyValuePairsProps.Item[] = of.map(([label, value]) => ({ label, value }));
  return <KeyValuePairs columns={2} items={items} />;
}
