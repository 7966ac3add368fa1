import { I18nProvider } from "@cloudscape-design/components/i18n";
import messages from "@cloudscape-design/components/i18n/messages/all.en";
import { Outlet } from "react-router";
import { NoticesProvider } from "./notices";
import { TopBar } from "./top-bar";

/** What all pages have around them: the names of the components' own buttons, what was said, and the bar. */
export function Frame() {
  return (
    <I18nProvider locale="en" messages={[messages]}>
      <NoticesProvider>
        <TopBar />
        <Outlet />
      </NoticesProvider>
    </I18nProvider>
  );
}
