/** A page as a person sees it, with an API that answers what a test says. */

import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ComponentType } from "react";
import { createMemoryRouter, RouterProvider } from "react-router";
import { vi } from "vitest";
import type { Answer, CallPath } from "../api/calls";
import { newQueryClient } from "../api/queries";
import { Frame } from "../frame/frame";
import { Labels } from "../frame/labels";

/** What is answered: data, or a function of the question that may throw a `Refused`, or answer later. */
export type Answers = {
  [P in CallPath]?:
    Answer<P> | ((question: Record<string, unknown>, method: string) => Answer<P> | Promise<Answer<P>>);
};

/** Answered with an error. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Let the API answer this, and nothing else. */
export function answering(answers: Answers): void {
  vi.stubGlobal("fetch", async (url: string, { method = "POST", body }: RequestInit) => {
    const path = url.replace("/console", "") as CallPath;
    const known = answers[path] as unknown;
    if (known === undefined) {
      throw new Error(`The test has no answer to ${path}.`);
    }
    try {
      const question = JSON.parse(body as string) as Record<string, unknown>;
      const data =
        typeof known === "function"
          ? await (known as (...of: unknown[]) => unknown)(question, method)
          : known;
      return Response.json({ request_id: "1", data });
    } catch (error) {
      if (error instanceof Refused) {
        return Response.json({ data: { error: error.message } }, { status: error.status });
      }
      throw error;
    }
  });
}

/**
 * Show a page.
 *
 * @param path Its pattern, as in the routes.
 * @param at Its address.
 */
export function show(Component: ComponentType, path = "/", at = path) {
  const router = createMemoryRouter([{ element: <Frame />, children: [{ path, Component }] }], {
    initialEntries: [at],
  });
  render(
    <Labels>
      <QueryClientProvider client={newQueryClient()}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </Labels>,
  );
  return router;
}

/** An answer that comes when the test says so. */
export function pending<T>() {
  let answer!: (data: T) => void;
  let refuse!: (error: Refused) => void;
  const promise = new Promise<T>((resolve, reject) => {
    answer = resolve;
    refuse = reject;
  });
  return { promise, answer, refuse };
}
