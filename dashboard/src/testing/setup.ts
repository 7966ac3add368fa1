/** Before each test file: nobody has to sign in, and what jsdom lacks. */

import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterEach, vi } from "vitest";

vi.mock("../session/session", () => ({
  accessToken: () => Promise.resolve("a-token"),
  endSession: vi.fn(() => Promise.resolve()),
  useSession: () => ({ user: "somebody@example.com" }),
}));

vi.stubGlobal("matchMedia", () => ({
  matches: false,
  addEventListener: vi.fn(),
  removeEventListener: vi.fn(),
}));

// On a busy machine, what is loaded on demand takes more than the usual second.
configure({ asyncUtilTimeout: 5_000 });
afterEach(cleanup);
