// The page's one outbox, kept in IndexedDB and sent by fetch, and the small things every request of ours needs.

import { Kept } from "#app/lib/kept.js";
import { Outbox } from "#app/lib/outbox.js";

/** Django's token: the cookie is the newest (a sign-in in another tab changes it), the page's own is the fallback. */
export function csrfToken() {
  const cookie = /(?:^|;\s*)(?:__Host-csrf|csrf)=([^;]+)/.exec(document.cookie);
  return cookie ? decodeURIComponent(cookie[1]) : document.querySelector("meta[name=csrf-token]")?.content ?? "";
}

/** POST JSON. {status, body, retryAfterMs}; a page asking to sign in counts as 401, silence as 0. */
export async function post(url, body, { timeoutMs = 20_000 } = {}) {
  const text = JSON.stringify(body);
  const response = await fetch(url, {
    method: "POST",
    body: text,
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrfToken() },
    credentials: "same-origin",
    redirect: "manual",
    keepalive: text.length < 30_000, // leaves even when the page is closed right after
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.type === "opaqueredirect") return { status: 401, body: {} };
  const wait = Number(response.headers.get("Retry-After"));
  const json = /json/.test(response.headers.get("Content-Type") ?? "");
  return {
    status: response.status,
    body: json ? await response.json() : {},
    retryAfterMs: wait > 0 ? Math.min(wait, 60) * 1000 : undefined,
  };
}

export const outbox = new Outbox({
  store: new Kept(),
  owner: document.body.dataset.user ?? "",
  send: (entry) => post(entry.url, entry.body),
});

addEventListener("online", () => outbox.retry());
addEventListener("visibilitychange", () => { if (!document.hidden) outbox.retry(); });
outbox.flush();
