import { act, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, expect, test } from "vitest";
import { Failure } from "../parts/failure";
import { answering, show } from "../testing/page";
import { useAnswer, useChange } from "./queries";

const VIEW = "/v3/webhook/view";

afterEach(() => act(() => void window.dispatchEvent(new Event("online"))));

function Page() {
  const view = useAnswer(VIEW, {});
  const enable = useChange("/v3/webhook/enable", [VIEW]);
  return (
    <>
      <Failure error={view.error} />
      <Failure error={enable.error} />
      <button onClick={() => enable.mutate({ id: 1 })}>Enable</button>
      <p>There are {view.data?.length ?? "unknown"}</p>
    </>
  );
}

test("without a network, a call fails rather than to wait in silence", async () => {
  const people = userEvent.setup();
  answering({ [VIEW]: [] });
  show(Page);
  await screen.findByText("There are 0");
  act(() => void window.dispatchEvent(new Event("offline")));

  await people.click(screen.getByRole("button", { name: "Enable" }));

  expect(await screen.findByText(/cannot be reached/)).toBeVisible();
});

test("after a change whose answer did not come, what is shown is asked for anew", async () => {
  const people = userEvent.setup();
  let views = 0;
  answering({
    [VIEW]: () => Array.from({ length: ++views }, () => ({}) as never),
    "/v3/webhook/enable": () => {
      throw new Error("The connection broke.");
    },
  });
  show(Page);

  await screen.findByText("There are 1");
  await people.click(screen.getByRole("button", { name: "Enable" }));

  expect(await screen.findByText("There are 2")).toBeVisible();
});

test("an answer is asked for anew as often as it says, and no more", async () => {
  let views = 0;
  answering({ [VIEW]: () => Array.from({ length: ++views }, () => ({}) as never) });

  show(() => {
    const { data } = useAnswer(VIEW, {}, { askEvery: (known) => (known?.length === 3 ? false : 10) });
    return <p>There are {data?.length}</p>;
  });

  await screen.findByText("There are 3");
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(views).toBe(3);
});
