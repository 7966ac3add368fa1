import { render, screen, waitFor } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { createMemoryRouter, Link, Outlet, RouterProvider } from "react-router";
import { expect, test } from "vitest";
import { Notices, NoticesProvider, useNotify } from "./notices";

function Pages() {
  return (
    <NoticesProvider>
      <Notices />
      <Link to="/first">First</Link>
      <Link to="/second">Second</Link>
      <Link to="/third">Third</Link>
      <Outlet />
    </NoticesProvider>
  );
}

function Saving() {
  const notify = useNotify();
  return <button onClick={() => notify("Saved.")}>Save</button>;
}

test("a notice goes along to the page that it leads to, and no further", async () => {
  const people = userEvent.setup();
  const children = ["first", "second", "third"].map((path) => ({ path, element: <Saving /> }));
  const router = createMemoryRouter([{ element: <Pages />, children }], { initialEntries: ["/first"] });
  render(<RouterProvider router={router} />);

  await people.click(screen.getByRole("button", { name: "Save" }));
  expect(screen.getByText("Saved.")).toBeVisible();
  await people.click(screen.getByRole("link", { name: "Second" }));
  expect(screen.getByText("Saved.")).toBeVisible();
  await people.click(screen.getByRole("link", { name: "Third" }));
  await waitFor(() => expect(screen.queryByText("Saved.")).not.toBeInTheDocument());
});
