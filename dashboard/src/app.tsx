/** The pages by their addresses, each loaded when it is first shown. */

import Header from "@cloudscape-design/components/header";
import { QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState, type ComponentType } from "react";
import { createHashRouter, Navigate, RouterProvider, useRouteError } from "react-router";
import { newQueryClient } from "./api/queries";
import { Frame } from "./frame/frame";
import { Labels } from "./frame/labels";
import { Page } from "./frame/page";
import { Message } from "./parts/message";
import { useSession } from "./session/session";

// Who is signed in already does not load what signing in takes.
const SignIn = lazy(() => import("./session/sign-in"));

const HOME = "/sending/smtp-users";
const NOWHERE = "There is no such page";

const router = createHashRouter([
  {
    element: <Frame />,
    errorElement: <Broken />,
    hydrateFallbackElement: <></>,
    children: [
      { index: true, element: <Navigate to={HOME} replace /> },
      page("sending/smtp-users", () => import("./sending/smtp-users")),
      page("sending/smtp-users/:id", () => import("./sending/smtp-user")),
      page("sending/ip-addresses", () => import("./sending/ip-addresses")),
      page("sending/ip-addresses/:id", () => import("./sending/ip-address")),
      page("sending/api-keys", () => import("./sending/api-keys")),
      page("sending/api-keys/:id", () => import("./sending/api-key")),
      page("reports/activity", () => import("./reports/activity/activity")),
      page("reports/opens", () => import("./reports/opens/opens")),
      page("settings/webhooks", () => import("./settings/webhooks")),
      page("settings/webhooks/:id", () => import("./settings/webhook")),
      { path: "*", element: <Missing /> },
    ],
  },
]);

/** The whole page: the form to sign in, or what the address names. */
export function App() {
  const { user } = useSession();
  return (
    <Labels>
      {user === null ? (
        <Suspense>
          <SignIn />
        </Suspense>
      ) : (
        <SignedIn key={user} />
      )}
    </Labels>
  );
}

function SignedIn() {
  // Each person has answers of their own.
  const [client] = useState(newQueryClient);
  useEffect(() => () => client.clear(), [client]);
  return (
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}

function page(path: string, load: () => Promise<{ default: ComponentType }>) {
  return { path, lazy: async () => ({ Component: (await load()).default }) };
}

function Missing() {
  return (
    <Page title={NOWHERE} header={<Header variant="h1">{NOWHERE}</Header>}>
      Choose one in the navigation.
    </Page>
  );
}

function Broken() {
  const error = useRouteError();
  return (
    <Message
      type="error"
      header="This page does not work"
      text={`Reload it. If that does not help, tell whoever runs this system: ${String(error)}`}
    />
  );
}
