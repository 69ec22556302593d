// A try at a test of practice goes to the server, which measures it; what comes back is shown where the page has room for it.

import { post } from "#app/lib/sending.js";
import { say } from "#app/lib/texts.js";

const PATIENCE_MS = [0, 1000, 3000];

/** Sends a try and shows its result in `root`; returns the result, or null when the server could not be reached. */
export async function measured(root, url, body) {
  root.querySelector("[data-state]").textContent = say("measuring");
  let reply = { status: 0 };
  for (const ms of PATIENCE_MS) {
    await new Promise((done) => setTimeout(done, ms));
    reply = await post(url, body).catch(() => ({ status: 0 })); // sending again does no harm: the ticket is the same
    if (reply.status) break;
  }
  const good = reply.status === 201;
  root.querySelector("[data-state]").textContent = good ? "" : reply.body?.detail ?? say("failed");
  if (!good) return null;
  const result = root.querySelector("[data-result]");
  result.querySelector("[data-sentence]").textContent = reply.body.sentence;
  const badge = result.querySelector("[data-passed]");
  badge.hidden = !reply.body.passed;
  badge.classList.toggle("on", reply.body.passed);
  result.hidden = false;
  result.scrollIntoView({ block: "nearest" });
  return reply.body;
}
