/** Light or dark: as the system has it, unless the person chose. */

import { applyMode, Mode } from "@cloudscape-design/global-styles";
import { useSyncExternalStore } from "react";

const KEY = "mode";
const system = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

/** Follow the system, or the choice. */
export function startMode(): void {
  system.addEventListener("change", apply);
  apply();
}

/** What was chosen; null is the system's. */
export function useChosenMode(): Mode | null {
  return useSyncExternalStore(subscribe, chosen);
}

/** Choose for this browser; null is as the system has it. */
export function choose(mode: Mode | null): void {
  if (mode === null) {
    localStorage.removeItem(KEY);
  } else {
    localStorage.setItem(KEY, mode);
  }
  apply();
  listeners.forEach((listener) => listener());
}

function chosen(): Mode | null {
  const kept = localStorage.getItem(KEY);
  return kept === Mode.Dark || kept === Mode.Light ? kept : null;
}

function apply(): void {
  applyMode(chosen() ?? (system.matches ? Mode.Dark : Mode.Light));
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
