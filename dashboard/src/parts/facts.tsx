import KeyValuePairs, { type KeyValuePairsProps } from "@cloudscape-design/components/key-value-pairs";
import type { ReactNode } from "react";

/** Names and values, side by side where there is room. */
export function Facts({ of, columns = 2 }: { of: readonly [string, ReactNode][]; columns?: number }) {
  const items: KeyValuePairsProps.Item[] = of.map(([label, value]) => ({ label, value }));
  return <KeyValuePairs columns={columns} items={items} />;
}
