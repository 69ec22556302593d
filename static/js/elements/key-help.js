// <key-help data-keys data-save>: `?` opens the list of keys; the keys of small acts (data-open with data-code) work from anywhere.
// In the list every key is a button that takes another one: the next key pressed, refused in a sentence when it is taken. What was
// changed is kept by the server for the person, and shown wherever a key stands.

import { ACTIONS, answerAction, bind, changed, codeOf, label, learnLayout, ours, paint, place, pressed, rebind } from "#app/lib/keys.js";
import { post } from "#app/lib/sending.js";
import { say } from "#app/lib/texts.js";

class KeyHelp extends HTMLElement {
  #abort = null;
  #gaveUp = false; // Escape left a change, not the list
  #waiting = null; // the button whose new key is awaited

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    document.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.addEventListener("click", (event) => this.#click(event), { signal });
    const dialog = this.querySelector("dialog");
    dialog.addEventListener("keydown", (event) => this.#take(event), { signal, capture: true });
    dialog.addEventListener("cancel", (event) => { if (this.#gaveUp) event.preventDefault(); this.#gaveUp = false; }, { signal });
    dialog.addEventListener("close", () => this.#wait(null), { signal });
    if (this.dataset.keys) bind(JSON.parse(this.dataset.keys));
    this.#listAnswers();
    this.#paint();
    learnLayout().then((told) => { if (told && this.isConnected) this.#paint(); });
  }

  disconnectedCallback() { this.#abort?.abort(); }

  #paint() {
    paint(this.closest(".work") ?? document);
    for (const button of this.querySelectorAll("[data-bind]")) button.toggleAttribute("data-changed", button.dataset.bind in changed());
  }

  #key(event) {
    if (!ours(event) || document.querySelector("dialog[open]")) return;
    if (event.key === "?") this.querySelector("dialog").showModal();
    else {
      const what = place(event);
      const act = event.repeat || !what ? null : document.querySelector(`[data-open][data-code="${what}"]`);
      if (!act) return;
      act.click();
    }
    event.preventDefault();
  }

  /** The keys that answer, read from the questions as they stand: one line a question. */
  #listAnswers() {
    const list = this.querySelector("[data-answer-keys]");
    const pattern = list?.querySelector("template");
    if (!pattern) return;
    for (const question of (this.closest(".work") ?? document).querySelectorAll("[data-question]")) {
      const inputs = [...question.querySelectorAll("input[data-code]")].filter(({ dataset }) => ACTIONS[answerAction(dataset.code)] && ACTIONS[answerAction(dataset.code)].group !== "outs");
      if (!inputs.length) continue;
      const line = pattern.content.cloneNode(true);
      const name = question.querySelector("h2")?.textContent ?? "";
      line.querySelector("dd").textContent = name;
      line.querySelector("dt").replaceChildren(...inputs.map((input) => {
        const action = answerAction(input.dataset.code);
        const button = Object.assign(document.createElement("button"), { type: "button", className: "bind" });
        button.dataset.bind = action;
        button.dataset.name = `${name} ${input.value}`;
        const cap = document.createElement("kbd");
        cap.dataset.key = action;
        button.append(cap);
        return button;
      }));
      list.append(line);
    }
    const asked = (code) => (this.closest(".work") ?? document).querySelector(`[data-question] [data-code="${code}"]`);
    for (const part of this.querySelectorAll("[data-only]")) part.hidden = !asked(part.dataset.only);
  }

  #nameOf(action) {
    const button = this.querySelector(`[data-bind="${action}"]`);
    return button?.dataset.name ?? button?.closest("dt")?.nextElementSibling?.textContent ?? label(codeOf(action));
  }

  #click(event) {
    const button = event.target.closest("[data-bind]");
    if (button) this.#wait(this.#waiting === button ? null : button);
    if (event.target.closest("[data-reset]")) this.#reset();
  }

  #wait(button) {
    this.#waiting?.removeAttribute("aria-pressed");
    this.#waiting = button;
    if (button) {
      button.setAttribute("aria-pressed", "true");
      button.focus();
      this.#say(say("keys.press", { what: this.#nameOf(button.dataset.bind) }));
    } else this.#say("");
  }

  #say(text) { this.querySelector("[data-said]").textContent = text; }

  #take(event) {
    if (!this.#waiting || event.isComposing) return;
    if (["Tab", "Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat) return;
    const button = this.#waiting;
    const action = button.dataset.bind;
    const code = pressed(event);
    if (event.code === "Escape" && ACTIONS[action].code !== "Escape") { this.#gaveUp = true; this.#wait(null); return; }
    const before = changed();
    const why = rebind(action, code, event.key);
    if (why === "never") { this.#say(say("keys.never", { key: event.key })); return; }
    if (why) { this.#say(say("keys.taken", { key: label(code), what: this.#nameOf(why) })); return; }
    this.#wait(null);
    this.#keep(before, say("keys.set", { key: label(code), what: this.#nameOf(action) }));
  }

  #reset() {
    const before = changed();
    bind({});
    this.#wait(null);
    this.#keep(before, say("keys.reset"));
  }

  /** What was changed holds at once; when the server does not take it, it is taken back. */
  async #keep(before, done) {
    this.#paint();
    this.dataset.keys = JSON.stringify(changed());
    this.#say(done);
    let status = 0;
    try {
      ({ status } = await post(this.dataset.save, { codes: changed() }));
    } catch (error) {
      console.warn("keys:", error.message);
    }
    if (status >= 200 && status < 300) return;
    bind(before);
    this.dataset.keys = JSON.stringify(before);
    this.#paint();
    this.#say(say("keys.failed"));
  }
}

customElements.define("key-help", KeyHelp);
