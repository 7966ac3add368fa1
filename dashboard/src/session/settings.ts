/** What the deployment tells the page about itself: `config.json` beside it. */

export interface Settings {
  userPoolId: string;
  userPoolClientId: string;
  /** Where Cognito is, if it is not AWS's own. */
  userPoolEndpoint?: string;
  /** Where SMTP users send to; absent if the deployment was not told. */
  smtp?: { host: string; port: number; tlsPort: number };
}

let known: Settings | undefined;

/**
 * Read the settings, once, before anything else.
 *
 * @throws Error They are not there.
 */
export async function loadSettings(): Promise<Settings> {
  const response = await fetch("./config.json");
  if (!response.ok) {
    throw new Error(`config.json cannot be read (${response.status}).`);
  }
  known = (await response.json()) as Settings;
  return known;
}

/** The settings that were loaded. */
export function settings(): Settings {
  if (!known) {
    throw new Error("The settings are not loaded yet.");
  }
  return known;
}
