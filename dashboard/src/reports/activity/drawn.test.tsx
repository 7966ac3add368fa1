import { act, render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { useDrawn } from "./drawn";

const LONG = Array.from({ length: 250 }, (_, number) => number);

function List({ items }: { items: readonly number[] }) {
  const [drawn, mark] = useDrawn(items);
  return (
    <ul>
      {drawn.map((each) => (
        <li key={each}>{each}</li>
      ))}
      {mark}
    </ul>
  );
}

test("a long list is drawn as its reader comes down, and another one from its beginning", () => {
  let comeDown: (seen: { isIntersecting: boolean }[]) => void = () => undefined;
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      constructor(seen: typeof comeDown) {
        comeDown = seen;
      }
      observe = vi.fn();
      disconnect = vi.fn();
    },
  );
  const counts = () => screen.getAllByRole("listitem").length;

  const { rerender } = render(<List items={LONG} />);
  expect(counts()).toBe(100);
  act(() => comeDown([{ isIntersecting: true }]));
  expect(counts()).toBe(200);
  act(() => comeDown([{ isIntersecting: true }]));
  expect(counts()).toBe(250);
  rerender(<List items={LONG.slice(0)} />);
  expect(counts()).toBe(100);
});
