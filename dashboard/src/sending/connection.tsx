/** How mail is handed in: what a program has to be told, and commands that try it. */

import Alert from "@cloudscape-design/components/alert";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { Command, Copyable } from "../parts/copyable";
import { Facts } from "../parts/facts";
import { settings } from "../session/settings";

const HOST = "smtp.example.com";
const PORT = 587;
const TLS_PORT = 465;

/** Of an SMTP user: the server's, and the user's own where Mail Manager gave it one. */
export interface Account {
  username: string;
  password: string | null;
  host: string | null;
}

/** The settings that a mail program or relay is given. */
export function SmtpSettings({ account: { username, password, host } }: { account: Account }) {
  const { smtp } = settings();
  const server = host ?? smtp?.host;
  return (
    <SpaceBetween size="m">
      {!server && (
        <Alert type="info">
          The server is the host on which you run the gateway, <code>python -m gateway</code>. The deployment
          does not know its name; the setting <code>gateway_host</code> tells it.
        </Alert>
      )}
      <Facts
        of={[
          ["Server", server ? <Copyable text={server} name="the server" /> : "The gateway's host"],
          ["Port", `${smtp?.port ?? PORT} with STARTTLS, or ${smtp?.tlsPort ?? TLS_PORT} with TLS`],
          ["Username", <Copyable key="user" text={username} name="the username" />],
          [
            "Password",
            password ? (
              <Copyable key="password" text={password} name="the password" />
            ) : (
              "As it was shown once"
            ),
          ],
        ]}
      />
    </SpaceBetween>
  );
}

/** Sends a first mail by SMTP, with a user's login or from a listed address. */
export function SmtpCommand({ account }: { account?: Account }) {
  const { smtp } = settings();
  const server = `${account?.host ?? smtp?.host ?? HOST}:${smtp?.port ?? PORT}`;
  const login = account
    ? ` \\\n  --tls --auth-user ${quoted(account.username)} --auth-password ${quoted(account.password ?? "PASSWORD")}`
    : "";
  return (
    <Command
      name="the SMTP command"
      text={
        `swaks --server ${server}${login} \\\n  --from you@example.com --to somebody@example.org \\\n` +
        `  --add-header 'Content-Type: text/html' --body '<p>Hello</p>'`
      }
    />
  );
}

/** Sends a first mail by the API. */
export function ApiCommand({ apiKey = "API_KEY" }: { apiKey?: string }) {
  return (
    <Command
      name="the API command"
      text={
        `curl ${window.location.origin}/v3/email/send -H 'X-Smtp2go-Api-Key: ${apiKey}' \\\n` +
        `  -d '{"sender": "you@example.com", "to": ["somebody@example.org"],\n` +
        `       "subject": "Hello", "html_body": "<p>Hello</p>"}'`
      }
    />
  );
}

/** One word to the shell, whatever is in it. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
