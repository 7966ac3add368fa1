import Box from "@cloudscape-design/components/box";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";

/** What a table or chart shows when there is nothing in it: why, and what to do next. */
export function Empty({ title, text, action }: { title: string; text: ReactNode; action?: ReactNode }) {
  return (
    <Box textAlign="center" padding={{ vertical: "l" }}>
      <SpaceBetween size="s">
        <div>
          <Box variant="strong">{title}</Box>
          <Box color="text-body-secondary">{text}</Box>
        </div>
        {action}
      </SpaceBetween>
    </Box>
  );
}
