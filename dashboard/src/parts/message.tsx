import Alert, { type AlertProps } from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";

/** A page that has nothing to show but a message. */
export function Message({ type, header, text }: { type: AlertProps.Type; header: string; text: string }) {
  return (
    <Box padding="xxl">
      <Alert type={type} header={header}>
        {text}
      </Alert>
    </Box>
  );
}
