// <save-state>: the one place that says where answers are — with the server, on their way, or still only in this browser.

import { outbox } from "#app/lib/sending.js";
import { say } from "#app/lib/texts.js";

const ICONS = {
  saved: "m3.5 8.5 3 3 6-7",
  sending: "M8 12.5v-9M4.5 7 8 3.5 11.5 7",
  offline: "M4.8 12.5h6.4A2.6 2.6 0 0 0 12 7.4 4 4 0 0 0 6 4.6M4.3 7.1a2.8 2.8 0 0 0 .5 5.4M2.5 2.5l11 11",
  refused: "M8 2.8 14 13H2zM8 6.5v3M8 11.2v.1",
};
ICONS["signed-out"] = ICONS.refused;

class SaveState extends HTMLElement {
  #abort = null;
  #saved = false;
  #note = "";

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    outbox.addEventListener("change", () => this.#show(), { signal });
    outbox.addEventListener("outbox:acknowledged", (event) => {
      this.#saved = true;
      if (event.detail.entry.kind === "answer") this.#note = "";
      this.#show();
    }, { signal });
    document.addEventListener("trace:kept", (event) => { this.#note = event.detail.text; this.#show(); }, { signal });
    this.addEventListener("click", (event) => this.#act(event), { signal });
    outbox.opened.then(() => this.#show());
  }

  disconnectedCallback() { this.#abort?.abort(); }

  #show() {
    const [waiting, refused] = [outbox.waiting, outbox.refused];
    if (this.querySelector("dialog")?.open) this.#list();
    const answers = (entries) => new Set(entries.map((entry) => entry.lane)).size;
    const late = waiting.some((entry) => entry.attempts > 0 || !navigator.onLine);
    if (waiting.some((entry) => entry.state === "signed-out")) this.#write("signed-out", say("signed-out"));
    else if (late) this.#write("offline", say("kept", { n: answers(waiting) }));
    else if (refused.length) this.#write("refused", say("refused", { n: answers(refused) }));
    else if (waiting.length && !this.#note) this.#write("sending", say("sending"));
    else if (this.#note) this.#write("saved", this.#note);
    else if (this.#saved || outbox.everSaved) this.#write("saved", say("saved"));
    if (this.#saved) outbox.everSaved = true; // the next item's line begins with what is true
  }

  /** What the person can do about it: sign in beside this page, or look at what was not accepted. */
  #offer(state) {
    const place = this.querySelector("[data-saved-act]");
    if (!place || place.dataset.state === state) return;
    place.dataset.state = state;
    place.replaceChildren();
    if (state === "signed-out" && this.dataset.login) {
      place.append(Object.assign(document.createElement("a"), { className: "btn", href: this.dataset.login, target: "_blank", textContent: say("sign-in") }));
    }
    if (state === "refused") {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "btn", textContent: say("look") });
      button.dataset.open = "unsent";
      place.append(button);
    }
  }

  #list() {
    const list = this.querySelector("[data-unsent]");
    const pattern = this.querySelector("[data-unsent-line]");
    if (!list || !pattern) return;
    list.replaceChildren(...outbox.refused.map((entry) => {
      const line = pattern.content.firstElementChild.cloneNode(true);
      line.dataset.key = entry.key;
      line.querySelector("[data-why]").textContent = entry.reason?.detail ?? "";
      line.querySelector("[data-at]").textContent = new Date(entry.order / 1000).toLocaleString(document.documentElement.lang);
      const link = line.querySelector("[data-go]");
      link.href = entry.url.replace(/[^/]+\/$/, ""); // the clip's own address is one level up
      link.hidden = entry.kind !== "answer";
      return line;
    }));
    const dialog = this.querySelector("dialog");
    if (!outbox.refused.length && dialog?.open) dialog.close();
  }

  async #act(event) {
    const key = event.target.closest("[data-key]")?.dataset.key;
    if (event.target.closest("[data-again]")) await outbox.retry({ all: true });
    if (event.target.closest("[data-discard]") && key) await outbox.discard(key);
  }

  #write(state, text) {
    this.#offer(state);
    if (state === "refused") this.#list();
    const line = this.querySelector(".saved");
    if (line.dataset.state === state && line.textContent === text) return;
    line.dataset.state = state;
    line.innerHTML = `<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="${ICONS[state]}"/></svg>`;
    line.append(document.createTextNode(text));
  }
}

customElements.define("save-state", SaveState);
