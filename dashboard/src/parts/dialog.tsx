import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useEffect, useId, useRef, useState, type SubmitEvent, type ReactNode } from "react";
import { Failure } from "./failure";

/**
 * A form over the page, or a question before something that cannot be undone.
 *
 * @param action What its button does.
 * @param call The call that the button makes: while it is made the button waits, and its failure is shown.
 */
export function Dialog({
  title,
  action,
  call,
  onSubmit,
  onDismiss,
  children,
}: {
  title: string;
  action: string;
  call: { isPending: boolean; error: Error | null };
  onSubmit: () => void;
  onDismiss: () => void;
  children: ReactNode;
}) {
  const id = useId();
  // What the call makes may be shown only once, and here.
  const dismiss = () => !call.isPending && onDismiss();
  const form = useFocusGivenBack<HTMLFormElement>();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!call.isPending) {
      onSubmit();
    }
  };
  return (
    <Modal
      visible
      header={title}
      // A click beside it must not take away what was entered.
      onDismiss={({ detail }) => detail.reason !== "overlay" && dismiss()}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button formAction="none" variant="link" disabled={call.isPending} onClick={dismiss}>
              Cancel
            </Button>
            <Button variant="primary" form={id} loading={call.isPending}>
              {action}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <form ref={form} id={id} onSubmit={submit}>
        <SpaceBetween size="m">
          {children}
          <Failure error={call.error} />
        </SpaceBetween>
      </form>
    </Modal>
  );
}

/**
 * Gives the focus back to what had it, when an element is taken away.
 *
 * Cloudscape's modal looks for it only when a field with `autoFocus` has the focus already.
 */
function useFocusGivenBack<E extends HTMLElement>() {
  const element = useRef<E>(null);
  const [opener] = useState(() => document.activeElement);
  useEffect(() => {
    const shown = element.current;
    return () => {
      if (!shown?.isConnected && opener instanceof HTMLElement) {
        opener.focus();
      }
    };
  }, [opener]);
  return element;
}

/** Something that is shown once, over the page, until the person has taken note of it. */
export function Shown({
  title,
  onDismiss,
  children,
}: {
  title: string;
  onDismiss: () => void;
  children: ReactNode;
}) {
  return (
    <Modal
      visible
      size="large"
      header={title}
      // A click beside it must not take away what cannot be shown again.
      onDismiss={({ detail }) => detail.reason !== "overlay" && onDismiss()}
      footer={
        <Box float="right">
          <Button variant="primary" onClick={onDismiss}>
            Done
          </Button>
        </Box>
      }
    >
      <SpaceBetween size="m">{children}</SpaceBetween>
    </Modal>
  );
}
