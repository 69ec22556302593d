// <work-veil>: one key, and what is shown is grey and silent at once. It stops playing; the same key, or the button, shows it again.
// The place on the page stays as it is, and a sentence says what can be done: skip it, or talk to somebody.

import { ours, place } from "#app/lib/keys.js";

class WorkVeil extends HTMLElement {
  #abort = null;
  #muted = new Map(); // what each medium was before

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    // First in line: whoever needs it needs it at once.
    document.addEventListener("keydown", (event) => this.#key(event), { signal, capture: true });
    this.addEventListener("click", (event) => { if (event.target.closest("[data-veil]")) this.toggle(); }, { signal });
    this.#work.addEventListener("click", (event) => { if (event.target.closest("[data-unveil]")) this.toggle(); }, { signal });
    this.#work.addEventListener("play", () => { if (this.veiled) this.#work.querySelector("media-player")?.pause?.(); }, { signal, capture: true });
  }

  disconnectedCallback() {
    this.#abort?.abort();
    document.getElementById("work")?.removeAttribute("data-veiled");
  }

  get #work() { return this.closest(".work"); }

  get veiled() { return this.#work?.hasAttribute("data-veiled") ?? false; }

  #key(event) {
    if (event.repeat || !ours(event) || place(event) !== "Backquote" || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    this.toggle();
  }

  toggle() {
    const on = !this.veiled;
    this.#work.toggleAttribute("data-veiled", on);
    const media = [...this.#work.querySelectorAll("video, audio")];
    if (on) {
      this.#work.querySelector("media-player")?.pause?.();
      this.#muted = new Map(media.map((one) => [one, one.muted]));
      for (const one of media) one.muted = true;
    } else {
      for (const [one, was] of this.#muted) one.muted = was;
    }
    this.querySelector("[data-veil]").setAttribute("aria-pressed", String(on));
    const note = this.#work.querySelector("[data-veil-note]");
    note.hidden = !on;
    if (on) note.querySelector("[data-unveil]").focus({ preventScroll: true });
  }
}

customElements.define("work-veil", WorkVeil);
