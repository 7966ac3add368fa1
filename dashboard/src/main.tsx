/** Where the page starts: the settings, the session, then what the address names. */

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { startMode } from "./frame/mode";
import { Message } from "./parts/message";
import { startSession } from "./session/session";
import { loadSettings } from "./session/settings";
import "./global.css";

const root = createRoot(document.getElementById("root")!);
startMode();
try {
  await startSession(await loadSettings());
  root.render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
} catch (error) {
  root.render(<Message type="error" header="The dashboard cannot start" text={String(error)} />);
}
