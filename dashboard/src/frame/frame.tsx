import { Outlet } from "react-router";
import { NoticesProvider } from "./notices";
import { TopBar } from "./top-bar";

/** What all pages have around them: what was said, and the bar. */
export function Frame() {
  return (
    <NoticesProvider>
      <TopBar />
      <Outlet />
    </NoticesProvider>
  );
}
