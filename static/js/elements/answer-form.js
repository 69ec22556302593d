// <answer-form>: a plain form made quick. Digits and rows of the keyboard answer, the last answer goes on by itself, and what was
// answered goes through the outbox: kept here until the server has it, under one client_id, so that a repeat stores nothing twice.
// Where the next item is ready in the page (ahead.js) it is put in as soon as the answer is safe here; else the server is waited for.
// Undo stops what is about to go, else opens the answer before. Without this script the same form posts as it stands.

import { ahead } from "#app/lib/ahead.js";
import { Answers } from "#app/lib/answers.js";
import { remember, remembered, taken } from "#app/lib/entered.js";
import { activates, answerPlace, ours, place, typing } from "#app/lib/keys.js";
import { outbox, post } from "#app/lib/sending.js";
import { say, toast } from "#app/lib/texts.js";
import { Trail } from "#app/lib/trail.js";

const AUTO = "concord-go-on";
const FILL_MS = 200; // the item at hand comes first
const UNSENT_MS = 3000; // how long undo waits for an answer that is on its way

class AnswerForm extends HTMLElement {
  #abort = null;
  #form = null;
  #answers = null;
  #timer = 0;
  #filling = 0;
  #busy = false;
  #sent = null;
  #began = 0;
  #beganAt = "";
  #trail = null;

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#form = this.querySelector("form");
    this.#form.noValidate = true;
    this.#answers = new Answers(this);
    this.#trail = new Trail(this.dataset.campaign ?? "");
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
    root?.addEventListener("submit", (event) => this.#small(event), { signal });
    root?.addEventListener("click", (event) => this.#click(event), { signal });
    document.addEventListener("session:withdrawn", () => { this.#busy = true; clearTimeout(this.#timer); }, { signal });
    addEventListener("pagehide", () => this.#leave(), { signal });
    this.#begun();
    this.#mark();
    queueMicrotask(() => { if (this.isConnected) this.#mark(); }); // what stands behind the form may come after it
    if (this.dataset.ahead) this.#filling = setTimeout(() => this.#fill(), FILL_MS);
  }

  disconnectedCallback() {
    this.#abort?.abort();
    clearTimeout(this.#timer);
    clearTimeout(this.#filling);
  }

  get #questions() { return this.#answers.questions; }

  get clientId() { return this.#form.elements.client_id.value; }

  get assignmentId() { return this.#form.elements.assignment_id.value; }

  /** Questions that still want an answer, or have one that breaks a rule. */
  get #open() { return this.#answers.open; }

  /** Shows which question's turn it is, and whether the answer is complete. */
  #mark() {
    const open = this.#open;
    for (const question of this.#questions) question.classList.toggle("here", question === open[0]);
    [...this.#form.elements].find((field) => field.type === "submit")?.setAttribute("aria-disabled", String(open.length > 0));
    const root = this.closest(".work");
    const left = root?.querySelector("[data-left]");
    if (left) left.textContent = open.length ? say("left", { n: open.length }) : say("left.none");
    const back = root?.querySelector('[data-act="back"]');
    if (back) back.hidden = !this.#before;
    const same = root?.querySelector('[data-act="same"]');
    if (same) same.hidden = !remembered(`same/${this.dataset.campaign}`);
  }

  #changed(event) {
    const field = event?.target;
    this.#answers.changed(event);
    this.#mark();
    clearTimeout(this.#timer);
    this.#timer = 0;
    // A person who writes is not hurried on; the others get a moment to see, or to mend, what they chose.
    const goes = this.querySelector("[data-auto]")?.checked && !this.#open.length && this.#answers.decides(field);
    if (goes) this.#timer = setTimeout(() => this.#submit(), this.#settle);
  }

  get #settle() {
    const value = getComputedStyle(document.documentElement).getPropertyValue("--settle").trim();
    return value.endsWith("ms") ? parseFloat(value) : parseFloat(value) * 1000 || 350;
  }

  // Keys and small acts -------------------------------------------------------------------------------------------------

  #key(event) {
    if (document.querySelector("dialog[open]")) return;
    if (event.code === "Enter" && event.ctrlKey && typing(event.target)) { event.preventDefault(); this.#submit(); return; }
    if (!ours(event)) return;
    const what = place(event);
    if (what === "Enter") {
      if (activates(event.target)) return;
      event.preventDefault();
      this.#submit();
      return;
    }
    if (what === "Backspace") { event.preventDefault(); if (!event.repeat) this.#undo(); return; }
    if (this.#busy) return;
    const field = this.#answers.field(answerPlace(event));
    const acts = { KeyB: '[data-act="flag"]', KeyN: '[data-act="same"]' };
    const button = field ? null : this.closest(".work")?.querySelector(acts[what] ?? "none");
    if (button && !event.repeat) { event.preventDefault(); button.click(); }
    if (!field) return;
    event.preventDefault();
    if (event.repeat) return;
    this.#answers.press(field);
  }

  #click(event) {
    const act = event.target.closest?.("[data-act]");
    if (act?.dataset.act === "flag") this.#flag(act);
    if (act?.dataset.act === "same" && !this.#busy) this.#same();
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (act?.dataset.act === "back") { event.preventDefault(); this.#undo(); return; }
    const link = event.target.closest?.(".strip a, [data-go]");
    if (!link) return;
    event.preventDefault();
    link.closest("dialog")?.close();
    this.#go(link.href);
  }

  #small(event) {
    const form = event.target;
    if (form.matches("[data-skip]")) { event.preventDefault(); this.#skip(form); }
    if (form.matches("[data-comment]")) { event.preventDefault(); this.#comment(form); }
  }

  /** The answer of the item before, put into this one; it can still be changed, and goes on like any other. */
  #same() {
    const answers = remembered(`same/${this.dataset.campaign}`);
    if (!answers) return;
    if (this.#answers.put(answers)) this.#changed(null);
    else toast(say("same.none"));
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

  async #comment(form) {
    const text = new FormData(form).get("text").trim();
    if (!text) { form.elements.text.focus(); return; }
    const lane = crypto.randomUUID();
    await outbox.put({ lane, kind: "comment", url: form.action, body: { client_id: lane, text } });
    form.reset();
    form.closest("dialog").close();
    toast(say("comment-kept"));
  }

  async #skip(form) {
    if (this.#busy) return;
    this.closest(".work").querySelector("media-player")?.pause?.();
    form.closest("dialog").close();
    await this.#keep("skip", form.action, { reason: new FormData(form).get("reason") });
  }

  // Giving an answer ----------------------------------------------------------------------------------------------------

  async #submit() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (this.#busy) return;
    if (this.#sent === "saved") { this.#next(this.dataset.next); return; }
    if (this.#open.length) { this.#answers.complain(); return; }
    this.dispatchEvent(new CustomEvent("answer:settled", { bubbles: true }));
    const answers = this.#answers.sent;
    const player = this.closest(".work")?.querySelector("media-player");
    player?.pause?.();
    const entered = taken(answers);
    remember(`same/${this.dataset.campaign}`, entered);
    remember(`given/${this.assignmentId}`, entered);
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
      ...(this.dataset.guideline ? { guideline_language: this.dataset.guideline } : {}),
      ...(root.querySelector("content-warning") ? { warned: true } : {}),
    };
  }

  async #keep(kind, url, body) {
    this.#lock(true);
    this.#sent = kind;
    const ids = { client_id: this.clientId, assignment_id: this.assignmentId };
    await outbox.put({ lane: this.clientId, kind, url, body: { ...ids, ...body } });
    if (kind === "answer") this.#trail.add({ id: this.assignmentId, url: location.pathname, lane: this.clientId });
    // Safe in this browser: what comes next does not wait for the line.
    const next = this.#sent === kind ? ahead.take(this.assignmentId) : null;
    if (next) this.#show(next);
  }

  #arrived(kind, { entry, body }) {
    if (entry.lane !== this.clientId || !this.#sent) { this.#late(kind, entry); return; }
    if (kind === "dropped") { toast(say("dropped")); this.#next(this.dataset.next); return; }
    if (kind === "refused") { this.#problem("refused", body?.detail ?? "", true); return; }
    if (kind === "again" || kind === "signed-out") { this.#problem("waiting", kind === "again" ? say("waiting.text") : say("signed-out")); return; }
    if (entry.kind !== this.#sent) return; // a chunk of a trace; its answer follows
    this.#sent = "saved";
    this.#next(body?.next_url || this.dataset.next);
  }

  /** What becomes of an answer whose item has left the page. */
  #late(kind, entry) {
    if (entry.kind !== "answer" && entry.kind !== "skip") return;
    if (kind === "dropped") toast(say("dropped"));
    if (kind === "acknowledged") this.#rail(); // what a model predicts of that clip stands there, by its answer
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
    if (act === "discard") await this.#takeBack();
  }

  /** What was kept of this item here is let go, and the form is free again. */
  async #takeBack() {
    for (const entry of outbox.entries) if (entry.lane === this.clientId) await outbox.discard(entry.key);
    this.querySelector("[data-problem]").hidden = true;
    this.#sent = null;
    this.#lock(false);
  }

  #lock(on) {
    this.#busy = on;
    this.closest(".work")?.toggleAttribute("data-busy", on);
  }

  // Undo ------------------------------------------------------------------------------------------------------------------

  /** The answer before this one: as this tab knows it, else as the server said. */
  get #before() { return this.#trail.before(this.assignmentId) ?? (this.dataset.back ? { id: "", url: this.dataset.back, lane: "" } : null); }

  async #undo() {
    if (this.#timer) {
      clearTimeout(this.#timer);
      this.#timer = 0;
      toast(say("undo.stopped"));
      return;
    }
    if (this.#busy && this.#sent === "answer" && !this.querySelector("trace-pad")) {
      // It may have reached the server all the same; the next answer is another one, and takes its place there.
      await this.#takeBack();
      this.#form.elements.client_id.value = crypto.randomUUID();
      toast(say("undo.stopped"));
      return;
    }
    const step = this.#before;
    if (this.#busy || !step) return;
    this.#lock(true);
    if (!(await this.#arrivedOf(step))) {
      this.#lock(false);
      toast(say("undo.unsent"));
      return;
    }
    this.#go(step.url);
  }

  /** Whether an answer that was given here has left for good; one that was refused is given anew. */
  async #arrivedOf({ lane }) {
    const until = performance.now() + UNSENT_MS;
    for (;;) {
      const entry = lane && outbox.entries.find((one) => one.lane === lane && one.kind === "answer");
      if (!entry) return true;
      if (entry.state === "refused") { await outbox.discard(entry.key); return true; }
      if (entry.attempts > 0 || !navigator.onLine || performance.now() > until) return false;
      await new Promise((done) => { setTimeout(done, 30); });
    }
  }

  /** What was begun on this item before the person went elsewhere; or what was refused, to be mended. */
  #begun() {
    const [draft, given] = ["draft", "given"].map((kind) => `${kind}/${this.assignmentId}`);
    const answers = remembered(draft) ?? ("answered" in this.dataset ? null : remembered(given));
    if (answers) this.#answers.put(answers);
    clearTimeout(this.#timer); // nobody is hurried on by what they entered before
    this.#timer = 0;
    remember(draft, null);
  }

  // The next item ---------------------------------------------------------------------------------------------------------

  #next(url) {
    const next = ahead.take(this.assignmentId);
    if (next && new URL(url, location.href).pathname === next.url) this.#show(next);
    else this.#go(url);
  }

  /** An item that is ready takes this one's place. */
  #show({ url, root }) {
    const work = document.getElementById("work");
    history.replaceState({ htmx: true }, "", location.href); // both are told to the one who goes back
    history.pushState({ htmx: true }, "", url);
    work.replaceChildren(...root.childNodes);
    globalThis.htmx?.process(work);
    document.dispatchEvent(new CustomEvent("htmx:load", { detail: { elt: work } }));
    scrollTo(0, 0);
    this.#arrive(work);
  }

  /** The next item, without a new page: the server draws it, htmx puts it in. */
  async #go(url) {
    if (!url) return;
    if (!this.#sent) remember(`draft/${this.assignmentId}`, "answered" in this.dataset ? null : taken(this.#answers.sent));
    this.#lock(true);
    if (!globalThis.htmx) { location.assign(url); return; }
    try {
      await globalThis.htmx.ajax("GET", url, { target: "#work", swap: "innerHTML show:window:top", push: url });
    } catch {
      // told below: the old item is still here
    }
    const work = document.getElementById("work");
    if (!this.isConnected) { this.#arrive(work); return; }
    this.#lock(false);
    this.#problem("next-failed", say("next-failed.text"));
  }

  #arrive(work) {
    work.removeAttribute("data-busy");
    if (!document.querySelector("dialog[open]")) (work.querySelector("[data-autofocus]") ?? work).focus({ preventScroll: true });
  }

  async #fill() {
    try {
      const { status, body } = await ahead.fill(this.dataset.ahead, this.assignmentId);
      if (!this.isConnected) return;
      if (status === 410) document.dispatchEvent(new CustomEvent("session:withdrawn"));
      const worked = document.querySelector("[data-worked]");
      if (worked && body?.worked) worked.textContent = say("worked", { n: body.worked });
    } catch {
      // Without a connection nothing is made ready; the next item is asked for when its turn comes.
    }
  }

  /** The last answers, as the server has them now. */
  async #rail() {
    const strip = this.closest(".work")?.querySelector(".strip");
    if (!this.dataset.rail || !strip) return;
    try {
      const reply = await fetch(this.dataset.rail, { headers: { "HX-Request": "true" }, credentials: "same-origin", redirect: "error" });
      const drawn = reply.ok ? await reply.text() : "";
      if (!drawn || !this.isConnected || !strip.isConnected) return; // meanwhile another item may stand here
      strip.outerHTML = drawn;
    } catch {
      return; // the rail is a convenience: it is drawn anew with the next item
    }
    const bar = this.closest(".work").querySelector(".top progress");
    const fresh = this.closest(".work").querySelector(".strip");
    if (bar && fresh?.dataset.answered) bar.value = Number(fresh.dataset.answered);
    this.#mark();
  }

  /** Whoever goes gives back what they have not looked at. */
  #leave() {
    if (!this.#sent && !("answered" in this.dataset)) remember(`draft/${this.assignmentId}`, taken(this.#answers.sent));
    if (!this.dataset.release) return;
    const form = new FormData();
    form.set("csrfmiddlewaretoken", this.#form.elements.csrfmiddlewaretoken.value);
    form.set("at", this.assignmentId);
    navigator.sendBeacon(this.dataset.release, form);
  }
}

customElements.define("answer-form", AnswerForm);
