/** The three kinds of credentials that mail is sent with, as the API calls them. */

import type { Answer } from "../api/calls";

/** What all credentials have, and the name that the API knows one by. */
export interface Credential {
  id: string;
  description: string;
  open_tracking_enabled: boolean;
  status: "allowed" | "blocked" | "sandbox";
  custom_ratelimit: boolean;
  custom_ratelimit_value: number | null;
  custom_ratelimit_period: string;
  /** Of an API key: the calls that it may make. */
  endpoints?: readonly string[];
  /** Of an SMTP user: what Mail Manager gave it, if it takes the mail. */
  smtp_username?: string | null;
  smtp_host?: string | null;
  smtp_status?: string | null;
  smtp_price?: string | null;
}

/** What a kind is called, where its pages are, and which calls it has. */
export interface Kind {
  readonly title: string;
  readonly one: string;
  readonly several: string;
  readonly idLabel: string;
  readonly page: string;
  /** The field of a request that names one. */
  readonly field: "username" | "ip_address" | "id";
  readonly view: "/v3/users/smtp/view" | "/v3/ip_auth/view" | "/v3/api_keys/view";
  readonly edit: "/v3/users/smtp/edit" | "/v3/ip_auth/edit" | "/v3/api_keys/edit";
  readonly remove: "/v3/users/smtp/remove" | "/v3/ip_auth/remove" | "/v3/api_keys/remove";
}

export const SMTP_USERS: Kind = {
  title: "SMTP Users",
  one: "SMTP user",
  several: "SMTP users",
  idLabel: "Username",
  page: "/sending/smtp-users",
  field: "username",
  view: "/v3/users/smtp/view",
  edit: "/v3/users/smtp/edit",
  remove: "/v3/users/smtp/remove",
};

export const IP_ADDRESSES: Kind = {
  title: "IP Authentication",
  one: "IP address",
  several: "IP addresses",
  idLabel: "Address or range",
  page: "/sending/ip-addresses",
  field: "ip_address",
  view: "/v3/ip_auth/view",
  edit: "/v3/ip_auth/edit",
  remove: "/v3/ip_auth/remove",
};

export const API_KEYS: Kind = {
  title: "API Keys",
  one: "API key",
  several: "API keys",
  idLabel: "Key",
  page: "/sending/api-keys",
  field: "id",
  view: "/v3/api_keys/view",
  edit: "/v3/api_keys/edit",
  remove: "/v3/api_keys/remove",
};

type Shown = { description: string } & Omit<Credential, "id"> &
  ({ username: string } | { ip_address: string });

/** The credentials of an answer. */
export function credentials(answer: Answer<Kind["view"]>): Credential[] {
  const shown: Shown[] = "results" in answer ? answer.results : answer;
  return shown.map((each) => ({ ...each, id: "ip_address" in each ? each.ip_address : each.username }));
}

/** Where the page of a credential is. */
export function address(kind: Kind, id: string): string {
  return `${kind.page}/${encodeURIComponent(id)}`;
}
