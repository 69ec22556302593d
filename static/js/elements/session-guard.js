// <session-guard data-heartbeat>: extends the lease of the item every 20 s and learns when its participant stops.
// A stop ends playing at once and puts the page's own sentence in place of the item: well within the 60 s that are promised.

import { ahead } from "#app/lib/ahead.js";
import { post } from "#app/lib/sending.js";

const EVERY_MS = 20_000;

class SessionGuard extends HTMLElement {
  #abort = null;
  #timer = 0;

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    document.addEventListener("session:withdrawn", () => this.#close(), { signal });
    // Timers of hidden tabs are slowed down; coming back asks at once.
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.#ask(); }, { signal });
    // The player may have learned it before this element was awake.
    if (this.closest(".work")?.querySelector("media-player")?.state === "gone") { this.#close(); return; }
    this.#timer = setInterval(() => this.#ask(), Number(this.dataset.everyMs) || EVERY_MS);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
    this.#abort?.abort();
  }

  async #ask() {
    if (!this.dataset.heartbeat) return;
    try {
      const { status, body } = await post(this.dataset.heartbeat, { client_id: this.dataset.client, assignment_id: this.dataset.assignment }, { timeoutMs: 10_000 });
      if (!this.isConnected) return;
      if (status === 404 || status === 410 || body.withdrawn) document.dispatchEvent(new CustomEvent("session:withdrawn"));
      else if (body.held) ahead.keep(body.held); // what is ready ahead ends with its lease, or when its person stops
    } catch {
      // No connection: the next beat asks again, and media that cannot be fetched cannot be played.
    }
  }

  #close() {
    clearInterval(this.#timer);
    const work = this.closest(".work");
    const text = work?.querySelector("template#withdrawn");
    if (!text) return;
    const page = text.content.cloneNode(true);
    for (const dialog of work.querySelectorAll("dialog[open]")) dialog.close();
    work.querySelector("main")?.replaceWith(page);
    work.querySelector("footer.bottom")?.replaceChildren();
    work.querySelector("[data-autofocus]")?.focus();
    this.remove();
  }
}

customElements.define("session-guard", SessionGuard);
