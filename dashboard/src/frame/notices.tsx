/** What a person is told of what they did. */

import Flashbar, { type FlashbarProps } from "@cloudscape-design/components/flashbar";
import { createContext, useCallback, useContext, useMemo, useRef, useState, type ReactNode } from "react";
import { useLocation } from "react-router";

type Notify = (text: string, type?: FlashbarProps.Type) => void;

/** A notice, and the pages that it is shown on: where it was said, and where that led to. */
interface Said {
  id: string;
  text: string;
  type: FlashbarProps.Type;
  pages: readonly string[];
}

const Shown = createContext<readonly FlashbarProps.MessageDefinition[]>([]);
const Notifying = createContext<Notify>(() => undefined);

/** Lets the pages below it say something. */
export function NoticesProvider({ children }: { children: ReactNode }) {
  const { pathname } = useLocation();
  const count = useRef(0);
  const [said, setSaid] = useState<Said | null>(null);
  if (said && !said.pages.includes(pathname)) {
    setSaid(said.pages.length === 1 ? { ...said, pages: [...said.pages, pathname] } : null);
  }
  const notify = useCallback<Notify>(
    (text, type = "success") => {
      // Another id each time, so that the same text is announced again.
      setSaid({ id: String(++count.current), text, type, pages: [pathname] });
    },
    [pathname],
  );
  const items = useMemo(() => (said ? [shown(said, () => setSaid(null))] : []), [said]);
  return (
    <Notifying value={notify}>
      <Shown value={items}>{children}</Shown>
    </Notifying>
  );
}

/** Says something, in place of what was said before; it stays until the next page but one. */
export function useNotify(): Notify {
  return useContext(Notifying);
}

/** What was said. */
export function Notices() {
  const items = useContext(Shown);
  return useMemo(() => <Flashbar items={items} />, [items]);
}

function shown({ id, text, type }: Said, dismiss: () => void): FlashbarProps.MessageDefinition {
  return {
    id,
    type,
    content: text,
    ariaRole: type === "error" ? "alert" : "status",
    dismissible: true,
    dismissLabel: "Dismiss",
    onDismiss: dismiss,
  };
}
