/** The calls for webhooks, and what their answers are called here. */

import { call, type Schemas } from "../api/calls";
import { useAnswer, useChanging } from "../api/queries";

export type Webhook = Schemas["ShownWebhook"];
export type WebhookEvent = Schemas["WebhookEvent"];
export type Notification = Schemas["FailedNotification"];
export type Attempt = Schemas["ShownAttempt"];

export const VIEW = "/v3/webhook/view";
export const FAILURES = "/v3/webhook/failures";
export const ATTEMPTS = "/v3/webhook/attempts";

/** Where all webhooks are. */
export const PAGE = "/settings/webhooks";

const LOOK_EVERY_MS = 15_000;

/** One webhook, null if there is none; undefined until that is known. How it is changes by itself. */
export function useWebhook(id: string) {
  const { data, ...answer } = useAnswer(VIEW, {}, { askEvery: () => LOOK_EVERY_MS });
  return { ...answer, webhook: data && (data.find((each) => String(each.id) === id) ?? null) };
}

/** Removes webhooks, by their numbers. */
export function useRemoval() {
  return useChanging([VIEW], async (ids: readonly number[]) => {
    for (const id of ids) {
      await call("/v3/webhook/remove", { id });
    }
  });
}

/**
 * Retries or cancels notifications of a webhook: those of the ids, or all that have failed for null.
 * It answers how many they were.
 */
export function useNotificationChange(id: number, path: "/v3/webhook/retry" | "/v3/webhook/cancel") {
  return useChanging([FAILURES], async (ids: readonly string[] | null) => {
    let count = 0;
    let hasMore = true;
    while (hasMore) {
      const done = await call(path, { id, notification_ids: ids && [...ids] });
      count += "retried" in done ? done.retried : done.cancelled;
      hasMore = done.more;
    }
    return count;
  });
}
