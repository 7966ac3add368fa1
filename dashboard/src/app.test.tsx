import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { App } from "./app";

test("an address that there is no page for leads to those that there are", async () => {
  window.location.hash = "#/nowhere";

  render(<App />);

  expect(await screen.findByRole("heading", { name: "There is no such page" })).toBeVisible();
  expect(screen.getByRole("link", { name: "Activity" })).toHaveAttribute("href", "#/reports/activity");
  expect(screen.getByRole("group", { name: "There is no such page" })).toHaveFocus();
});
