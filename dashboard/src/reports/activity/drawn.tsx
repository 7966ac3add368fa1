import { startTransition, useEffect, useRef, useState } from "react";

const STEP = 100;

/** So far below what is seen the next lines are drawn already. */
const AHEAD = "1500px";

/**
 * The beginning of a long list, more of it whenever the reader comes near its end.
 *
 * @returns What is to be drawn, and a mark to put behind it: null if that is all.
 */
export function useDrawn<T>(items: readonly T[]) {
  const [drawn, setDrawn] = useState({ items, count: STEP });
  const count = drawn.items === items ? drawn.count : STEP;
  // The table asks for all of its lines again: meanwhile the reader goes on scrolling.
  const more = () => startTransition(() => setDrawn({ items, count: count + STEP }));
  return [
    items.length > count ? items.slice(0, count) : items,
    items.length > count ? <Mark key={count} onSeen={more} /> : null,
  ] as const;
}

function Mark({ onSeen }: { onSeen: () => void }) {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const observer = new IntersectionObserver(([seen]) => seen?.isIntersecting && onSeen(), {
      rootMargin: `0px 0px ${AHEAD} 0px`,
    });
    observer.observe(element.current!);
    return () => observer.disconnect();
  });
  return <div ref={element} />;
}
