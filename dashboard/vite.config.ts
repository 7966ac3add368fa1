import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  base: "./",
  plugins: [react()],
  build: {
    // What is inlined would be a data: URL, which the content security policy does not allow.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
  },
  test: {
    environment: "jsdom",
    setupFiles: "src/testing/setup.ts",
    testTimeout: 20_000,
    server: { deps: { inline: [/@cloudscape-design/] } },
  },
});
