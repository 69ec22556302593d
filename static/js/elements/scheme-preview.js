// <scheme-preview>: the questions of a draft, alive: they can be answered by hand, conditions come and go, and nothing is sent.

import { Answers } from "#app/lib/answers.js";

class SchemePreview extends HTMLElement {
  #abort = null;

  connectedCallback() {
    this.#abort = new AbortController();
    const answers = new Answers(this);
    this.addEventListener("input", (event) => answers.changed?.(event), { signal: this.#abort.signal });
  }

  disconnectedCallback() { this.#abort?.abort(); }
}

customElements.define("scheme-preview", SchemePreview);
