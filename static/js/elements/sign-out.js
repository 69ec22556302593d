// <sign-out>: before signing out, what is still only in this browser is sent or discarded, as the person says.

import { outbox } from "#app/lib/sending.js";

class SignOut extends HTMLElement {
  #abort = null;

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const [form, dialog] = [this.querySelector("form"), this.querySelector("dialog")];
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      await outbox.opened;
      const count = new Set(outbox.entries.map((entry) => entry.lane)).size;
      if (!count) { form.submit(); return; }
      dialog.querySelector("[data-count]").textContent = String(count);
      dialog.querySelector("[data-failed]").hidden = true;
      dialog.showModal();
    }, { signal });
    dialog.addEventListener("click", async (event) => {
      const act = event.target.closest("[data-act]")?.dataset.act;
      if (act === "stay") dialog.close();
      if (act === "discard") { await outbox.discard(); form.submit(); }
      if (act === "send") {
        await outbox.retry({ all: true });
        if (outbox.entries.length) dialog.querySelector("[data-failed]").hidden = false;
        else form.submit();
      }
    }, { signal });
  }

  disconnectedCallback() { this.#abort?.abort(); }
}

customElements.define("sign-out", SignOut);
