// <key-help>: `?` opens the list of keys; the keys of small acts (data-open with data-code) work from anywhere.

import { ours, place } from "#app/lib/keys.js";

class KeyHelp extends HTMLElement {
  #abort = null;

  connectedCallback() {
    this.#abort = new AbortController();
    document.addEventListener("keydown", (event) => this.#key(event), { signal: this.#abort.signal });
  }

  disconnectedCallback() { this.#abort?.abort(); }

  #key(event) {
    if (!ours(event) || document.querySelector("dialog[open]")) return;
    if (event.key === "?") this.querySelector("dialog").showModal();
    else {
      const act = event.repeat ? null : document.querySelector(`[data-open][data-code="${place(event)}"]`);
      if (!act) return;
      document.getElementById(act.dataset.open)?.showModal();
    }
    event.preventDefault();
  }
}

customElements.define("key-help", KeyHelp);
