// <keep-open>: what a person opened stays open when the server draws the part anew. Which <details> are open is known by their
// ids; where the focus was, htmx finds again by itself.

class KeepOpen extends HTMLElement {
  #abort = null;

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    let open = new Set();
    this.addEventListener("htmx:beforeSwap", () => {
      open = new Set([...this.querySelectorAll("details[open][id]")].map((one) => one.id));
    }, { signal });
    this.addEventListener("htmx:afterSwap", () => {
      for (const one of this.querySelectorAll("details[id]")) if (open.has(one.id)) one.open = true;
    }, { signal });
  }

  disconnectedCallback() { this.#abort?.abort(); }
}

customElements.define("keep-open", KeepOpen);
