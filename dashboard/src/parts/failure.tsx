import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";

/** Says what went wrong, and offers to try again where that may help. */
export function Failure({ error, retry }: { error: Error | null; retry?: () => unknown }) {
  return (
    error && (
      <div role="alert">
        <Alert type="error" action={retry && <Button onClick={() => void retry()}>Try again</Button>}>
          {error.message}
        </Alert>
      </div>
    )
  );
}
