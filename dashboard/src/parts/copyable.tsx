import Box from "@cloudscape-design/components/box";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";

/** A short text, with a button that copies it. */
export function Copyable({ text, name }: { text: string; name: string }) {
  return (
    <CopyToClipboard
      variant="inline"
      textToCopy={text}
      textToDisplay={<Box variant="code">{text}</Box>}
      copyButtonAriaLabel={`Copy ${name}`}
      copySuccessText="Copied"
      copyErrorText="It could not be copied. Select it, and copy it by hand."
    />
  );
}

/** A command of several lines, with a button that copies it. */
export function Command({ text, name }: { text: string; name: string }) {
  return (
    <div className="command">
      <pre tabIndex={0} aria-label={name}>
        {text}
      </pre>
      <CopyToClipboard
        copyButtonText="Copy"
        copyButtonAriaLabel={`Copy ${name}`}
        textToCopy={text}
        copySuccessText="Copied"
        copyErrorText="It could not be copied. Select it, and copy it by hand."
      />
    </div>
  );
}
