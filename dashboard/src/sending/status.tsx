import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { Credential } from "./kinds";

const TYPES = { allowed: "success", blocked: "stopped", sandbox: "info" } as const;

/** The words for each status, and what it does. */
export const STATUSES = [
  { value: "allowed", label: "Allowed", description: "Mail is sent." },
  { value: "blocked", label: "Blocked", description: "Mail is refused, whichever way it comes." },
  {
    value: "sandbox",
    label: "Sandbox",
    description: "Mail is accepted and recorded, and goes nowhere: for trying things out.",
  },
] as const;

/** Whether mail is sent. */
export function Status({ status }: Pick<Credential, "status">) {
  const label = STATUSES.find((each) => each.value === status)?.label;
  return <StatusIndicator type={TYPES[status]}>{label}</StatusIndicator>;
}

/** Whether mail is tracked. */
export function Tracked({ isTracked }: { isTracked: boolean }) {
  return (
    <StatusIndicator type={isTracked ? "success" : "stopped"}>{isTracked ? "On" : "Off"}</StatusIndicator>
  );
}
