// <theme-toggle data-url>: light, dark or as the system has it; at once here, and kept with the account.

import { csrfToken } from "#app/lib/sending.js";

class ThemeToggle extends HTMLElement {
  #abort = null;

  connectedCallback() {
    this.#abort = new AbortController();
    this.addEventListener("change", (event) => this.#choose(event.target.value), { signal: this.#abort.signal });
  }

  disconnectedCallback() { this.#abort?.abort(); }

  #choose(theme) {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    if (!this.dataset.url) return;
    fetch(this.dataset.url, { method: "POST", body: new URLSearchParams({ theme }), headers: { "X-CSRFToken": csrfToken() }, keepalive: true })
      .catch((error) => console.warn("theme not kept:", error.message));
  }
}

customElements.define("theme-toggle", ThemeToggle);
