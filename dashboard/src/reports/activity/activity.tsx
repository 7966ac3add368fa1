import { lazy, Suspense, useCallback, useMemo, useRef } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { Page } from "../../frame/page";
import { EventList } from "./event-list";
import type { Delivery } from "./event-table";
import { filterOf, PAGE, searchOf, type Filter } from "./filter";

const DeliveryPanel = lazy(() => import("./delivery-panel"));

/** What happened to the mail. The address says what is looked for, and which delivery is shown beside it. */
export default function Activity() {
  const [address] = useSearchParams();
  const navigate = useNavigate();
  const opener = useRef<Element>(null);
  const name = searchOf(filterOf(address)).toString();
  const filter = useMemo(() => filterOf(new URLSearchParams(name)), [name]);
  const shown = deliveryOf(address);

  const addressOf = useCallback((delivery: Delivery) => `${PAGE}?${withDelivery(name, delivery)}`, [name]);
  const show = useCallback(
    (delivery: Delivery) => {
      opener.current = document.activeElement;
      void navigate(addressOf(delivery));
    },
    [addressOf, navigate],
  );
  const change = useCallback(
    (changed: Filter) => {
      // Back leads to before a text was entered, not to each pause in writing it.
      const replace = filter.text !== "" && changed.text !== "" && filter.text !== changed.text;
      void navigate(`${PAGE}?${searchOf(changed).toString()}`, { replace });
    },
    [filter, navigate],
  );
  const close = () => {
    void navigate(`${PAGE}?${name}`);
    // Whoever came by keyboard goes on where they were.
    (opener.current as HTMLElement | null)?.focus();
  };
  return (
    <Page
      title="Activity"
      contentType="table"
      onPanelClose={close}
      panel={
        shown && (
          <Suspense>
            <DeliveryPanel delivery={shown} onClose={close} />
          </Suspense>
        )
      }
    >
      <EventList filter={filter} addressOf={addressOf} onFilter={change} onShow={show} />
    </Page>
  );
}

function deliveryOf(address: URLSearchParams): Delivery | null {
  const [emailId, recipient] = [address.get("mail"), address.get("recipient")];
  return emailId && recipient ? { emailId, recipient } : null;
}

function withDelivery(filter: string, { emailId, recipient }: Delivery): string {
  const address = new URLSearchParams(filter);
  address.set("mail", emailId);
  address.set("recipient", recipient);
  return address.toString();
}
