// <answer-form>: a plain form made quick. Digits and rows of the keyboard answer, the last answer goes on by itself, and what was
// answered goes through the outbox: kept here until the server has it, under one client_id, so that a repeat stores nothing twice.
// Without this script the same form posts as it stands.

import { Answers } from "#app/lib/answers.js";
import { activates, ours, place, typing } from "#app/lib/keys.js";
import { outbox, post } from "#app/lib/sending.js";
import { say, toast } from "#app/lib/texts.js";

const AUTO = "concord-go-on";

class AnswerForm extends HTMLElement {
  #abort = null;
  #form = null;
  #answers = null;
  #timer = 0;
  #busy = false;
  #sent = null;
  #began = 0;
  #beganAt = "";

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#form = this.querySelector("form");
    this.#form.noValidate = true;
    this.#answers = new Answers(this);
    [this.#began, this.#beganAt] = [performance.now(), new Date().toISOString()];
    const auto = this.querySelector("[data-auto]");
    if (auto && localStorage.getItem(AUTO) !== null) auto.checked = localStorage.getItem(AUTO) === "yes";
    auto?.addEventListener("change", () => localStorage.setItem(AUTO, auto.checked ? "yes" : "no"), { signal });
    this.#form.addEventListener("submit", (event) => { event.preventDefault(); this.#submit(); }, { signal });
    this.#form.addEventListener("input", (event) => this.#changed(event), { signal });
    this.addEventListener("answers:put", () => this.#mark(), { signal }); // an element that came late has its value
    this.addEventListener("trace:finished", () => this.#changed(null), { signal });
    this.addEventListener("click", (event) => this.#act(event), { signal });
    // First in line: the bottom row belongs to a question while it is that question's turn.
    document.addEventListener("keydown", (event) => this.#key(event), { signal, capture: true });
    for (const kind of ["acknowledged", "dropped", "refused", "again", "signed-out"]) {
      outbox.addEventListener(`outbox:${kind}`, (event) => this.#arrived(kind, event.detail), { signal });
    }
    const root = this.closest(".work");
    root?.querySelector("[data-skip]")?.addEventListener("submit", (event) => { event.preventDefault(); this.#skip(event.target); }, { signal });
    root?.addEventListener("click", (event) => {
      const flag = event.target.closest?.('[data-act="flag"]');
      if (flag) this.#flag(flag);
      const link = event.target.closest?.('[data-act="back"], .strip a');
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.#go(link.href);
    }, { signal });
    document.addEventListener("session:withdrawn", () => { this.#busy = true; clearTimeout(this.#timer); }, { signal });
    this.#mark();
  }

  disconnectedCallback() {
    this.#abort?.abort();
    clearTimeout(this.#timer);
  }

  get #questions() { return this.#answers.questions; }

  get clientId() { return this.#form.elements.client_id.value; }

  /** Questions that still want an answer, or have one that breaks a rule. */
  get #open() { return this.#answers.open; }

  /** Shows which question's turn it is, and whether the answer is complete. */
  #mark() {
    const open = this.#open;
    for (const question of this.#questions) question.classList.toggle("here", question === open[0]);
    [...this.#form.elements].find((field) => field.type === "submit")?.setAttribute("aria-disabled", String(open.length > 0));
    const left = this.closest(".work")?.querySelector("[data-left]");
    if (left) left.textContent = open.length ? say("left", { n: open.length }) : say("left.none");
  }

  #changed(event) {
    const field = event?.target;
    this.#answers.changed(event);
    this.#mark();
    clearTimeout(this.#timer);
    // A person who writes is not hurried on; the others get a moment to see, or to mend, what they chose.
    const goes = this.querySelector("[data-auto]")?.checked && !this.#open.length && this.#answers.decides(field);
    if (goes) this.#timer = setTimeout(() => this.#submit(), this.#settle);
  }

  get #settle() {
    const value = getComputedStyle(document.documentElement).getPropertyValue("--settle").trim();
    return value.endsWith("ms") ? parseFloat(value) : parseFloat(value) * 1000 || 350;
  }

  #key(event) {
    if (document.querySelector("dialog[open]")) return;
    if (event.code === "Enter" && event.ctrlKey && typing(event.target)) { event.preventDefault(); this.#submit(); return; }
    if (!ours(event)) return;
    if (event.code === "Enter" || event.code === "NumpadEnter") {
      if (activates(event.target)) return;
      event.preventDefault();
      this.#submit();
      return;
    }
    if (event.code === "Backspace") {
      const back = this.closest(".work")?.querySelector('[data-act="back"]');
      if (back && !this.#busy) { event.preventDefault(); this.#go(back.href); }
      return;
    }
    if (this.#busy) return;
    const field = this.#answers.field((event.shiftKey ? "Shift+" : "") + place(event));
    const flag = this.closest(".work")?.querySelector('[data-act="flag"]');
    if (!field && !event.shiftKey && flag && place(event) === "KeyB" && !event.repeat) {
      event.preventDefault();
      this.#flag(flag);
    }
    if (!field) return;
    event.preventDefault();
    if (event.repeat) return;
    this.#answers.press(field);
  }

  async #submit() {
    clearTimeout(this.#timer);
    if (this.#busy) return;
    if (this.#sent === "saved") { this.#go(this.dataset.next); return; }
    if (this.#open.length) { this.#answers.complain(); return; }
    const answers = this.#answers.sent;
    const player = this.closest(".work")?.querySelector("media-player");
    player?.pause?.();
    await this.#keep("answer", this.#form.action, {
      answers,
      perceived: this.#perceived(player),
      started_at: this.#beganAt,
      duration_ms: Math.round(performance.now() - this.#began),
      played_us: player?.playedUs ?? 0,
    });
  }

  /** What was shown and heard when the answer was given. */
  #perceived(player) {
    const root = this.closest(".work");
    return {
      video: Boolean(player?.hasPicture),
      audio: Boolean(player?.hasSound),
      muted: Boolean(player?.hasSound && player.muted),
      text: Boolean(root.querySelector(".transcript, .passage")),
      lanes: Boolean(root.querySelector("signal-lane")),
      suggestion: Boolean(root.querySelector(".suggestion")),
      speed: player?.rate ?? 1,
    };
  }

  /** A mark to come back to; unlike an answer it is worth no queue: when it cannot be set, the button says so by staying as it is. */
  async #flag(button) {
    const flagged = button.getAttribute("aria-pressed") !== "true";
    try {
      const { status } = await post(button.dataset.url, { flagged });
      if (status < 300) button.setAttribute("aria-pressed", String(flagged));
      else toast(say("flag-failed"));
    } catch {
      toast(say("flag-failed"));
    }
  }

  async #skip(form) {
    if (this.#busy) return;
    this.closest(".work").querySelector("media-player")?.pause?.();
    form.closest("dialog").close();
    await this.#keep("skip", form.action, { reason: new FormData(form).get("reason") });
  }

  async #keep(kind, url, body) {
    this.#lock(true);
    this.#sent = kind;
    const ids = { client_id: this.clientId, assignment_id: this.#form.elements.assignment_id.value };
    await outbox.put({ lane: this.clientId, kind, url, body: { ...ids, ...body } });
  }

  #arrived(kind, { entry, body }) {
    if (entry.lane !== this.clientId || !this.#sent) return;
    if (kind === "dropped") { toast(say("dropped")); this.#go(this.dataset.next); return; }
    if (kind === "refused") { this.#problem("refused", body?.detail ?? "", true); return; }
    if (kind === "again" || kind === "signed-out") { this.#problem("waiting", kind === "again" ? say("waiting.text") : say("signed-out")); return; }
    if (entry.kind !== this.#sent) return; // a chunk of a trace; its answer follows
    this.#sent = "saved";
    this.#go(body?.next_url || this.dataset.next);
  }

  #problem(kind, text, acts = false) {
    const box = this.querySelector("[data-problem]");
    box.classList.toggle("bad", acts);
    box.classList.toggle("warn", !acts);
    box.querySelector("[data-problem-title]").textContent = say(`${kind}.title`);
    box.querySelector("[data-problem-text]").textContent = text;
    box.querySelector("[data-problem-acts]").hidden = !acts;
    box.hidden = false;
  }

  async #act(event) {
    const act = event.target.closest("[data-problem-acts] [data-act]")?.dataset.act;
    if (act === "again") outbox.retry({ all: true });
    if (act === "discard") {
      for (const entry of outbox.entries) if (entry.lane === this.clientId) await outbox.discard(entry.key);
      this.querySelector("[data-problem]").hidden = true;
      this.#sent = null;
      this.#lock(false);
    }
  }

  #lock(on) {
    this.#busy = on;
    this.closest(".work")?.toggleAttribute("data-busy", on);
  }

  /** The next item, without a new page: the server draws it, htmx puts it in. */
  async #go(url) {
    if (!url) return;
    this.#lock(true);
    if (!globalThis.htmx) { location.assign(url); return; }
    try {
      await globalThis.htmx.ajax("GET", url, { target: "#work", swap: "innerHTML show:window:top", push: url });
    } catch {
      // told below: the old item is still here
    }
    const work = document.getElementById("work");
    if (!this.isConnected) {
      work.removeAttribute("data-busy");
      (work.querySelector("[data-autofocus]") ?? work).focus({ preventScroll: true });
      return;
    }
    this.#lock(false);
    this.#problem("next-failed", say("next-failed.text"));
  }
}

customElements.define("answer-form", AnswerForm);
