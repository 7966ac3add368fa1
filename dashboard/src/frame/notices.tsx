/** What a person is told of what they did. */

import Flashbar, { type FlashbarProps } from "@cloudscape-design/components/flashbar";
import { createContext, useCallback, useContext, useMemo, useRef, useState, type ReactNode } from "react";

type Notify = (text: string, type?: FlashbarProps.Type) => void;

const Shown = createContext<readonly FlashbarProps.MessageDefinition[]>([]);
const Notifying = createContext<Notify>(() => undefined);

/** Lets the pages below it say something. */
export function NoticesProvider({ children }: { children: ReactNode }) {
  const count = useRef(0);
  const [items, setItems] = useState<readonly FlashbarProps.MessageDefinition[]>([]);
  const notify = useCallback<Notify>((text, type = "success") => {
    const item = {
      // Another one each time, so that the same text is announced again.
      id: String(++count.current),
      type,
      content: text,
      ariaRole: type === "error" ? "alert" : "status",
      dismissible: true,
      dismissLabel: "Dismiss",
      onDismiss: () => setItems([]),
    } as const;
    setItems([item]);
  }, []);
  return (
    <Notifying value={notify}>
      <Shown value={items}>{children}</Shown>
    </Notifying>
  );
}

/** Says something, in place of what was said before. */
export function useNotify(): Notify {
  return useContext(Notifying);
}

/** What was said. */
export function Notices() {
  const items = useContext(Shown);
  return useMemo(() => <Flashbar items={items} />, [items]);
}
