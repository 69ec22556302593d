// The answers of a form: read from its controls in the wire format and put back into them, checked against the scheme while
// they are made. What is asked only if something holds comes and goes at once; what is still open is known by its problems.

import { asked, check, CONTROLS } from "#app/lib/scheme-check.js";
import { typing } from "#app/lib/keys.js";
import { parse, write } from "#app/lib/facs.js";
import { say } from "#app/lib/texts.js";
import { held, hold, READ, show, WRITE } from "#app/lib/wire.js";

// A finished trace is told by its id; its samples are with the server, which checks them.
const HANDED_IN = { ...CONTROLS, trace: (question, value, ...rest) => { if (typeof value?.trace !== "string") CONTROLS.trace(question, value, ...rest); } };
const OUTS = new Set(["cannot_tell", "skip", "skip-text", "confidence"]);

export class Answers {
  #root;
  #told;

  constructor(root) {
    this.#root = root;
    this.#told = JSON.parse(root.querySelector("#to-check")?.content.textContent ?? '{"scheme": {"questions": []}, "answers": {}}');
    for (const slider of root.querySelectorAll("input[data-slider]")) this.#slider(slider);
    for (const mark of root.querySelectorAll("[data-light]")) mark.style.setProperty("--e", `light-dark(${mark.dataset.light}, ${mark.dataset.dark})`);
    for (const question of this.questions) {
      this.#put(question, this.#told.answers?.[question.dataset.question]);
      this.#limits(question);
    }
    this.#conditions();
  }

  get questions() { return [...this.#root.querySelectorAll("[data-question]")]; }

  /** One question's answer in the wire format; null when there is none. */
  of(question) {
    if (question.querySelector('[data-part="cannot_tell"]')?.checked) return { cannot_tell: true };
    const skip = question.querySelector('[data-part="skip"]');
    if (skip?.value) {
      const text = question.querySelector('[data-part="skip-text"]').value.trim();
      return { skip: { reason: skip.value, ...(text && { text }) } };
    }
    const value = READ[question.dataset.type](question);
    if (value === null) return null;
    const confidence = held([...question.querySelectorAll('[data-part="confidence"]')]);
    return { value, ...(confidence !== undefined && { confidence }) };
  }

  get #everything() {
    const found = this.questions.map((question) => [question.dataset.question, this.of(question)]);
    return Object.fromEntries(found.filter(([, answer]) => answer !== null));
  }

  /** The answers to what is asked, as they are sent. */
  get sent() {
    const everything = this.#everything;
    const { ids } = asked(this.#told.scheme, everything);
    return Object.fromEntries(Object.entries(everything).filter(([id]) => ids.has(id)));
  }

  /** Puts answers in, in place of what stands there; what is not asked here is passed over. Returns how many questions changed. */
  put(answers) {
    const changed = this.questions.filter((question) => {
      const answer = answers[question.dataset.question];
      if (!answer || JSON.stringify(answer) === JSON.stringify(this.of(question))) return false;
      this.#put(question, answer);
      this.#limits(question);
      question.querySelector("[data-wrong]")?.setAttribute("hidden", "");
      return true;
    });
    this.#conditions();
    return changed.length;
  }

  /** What keeps the answers from being sent: [{question, code, facts}], questions in their order. */
  get problems() {
    const given = { answers: this.sent, ...(this.#media && { media: this.#media }), ...(this.#told.items && { items: this.#told.items }) };
    return check(this.#told.scheme, given, HANDED_IN).map(({ code, at, facts }) => {
      const id = at.split("/")[2]?.replaceAll("~1", "/").replaceAll("~0", "~");
      return { question: this.questions.find(({ dataset }) => dataset.question === id), code, facts };
    }).filter(({ question }) => question);
  }

  /** The questions that are not done, in their order. */
  get open() {
    const found = new Set(this.problems.map(({ question }) => question));
    return this.questions.filter((question) => found.has(question));
  }

  get #media() {
    if (this.#told.media) return this.#told.media;
    const player = this.#root.closest(".work")?.querySelector("media-player");
    return player?.endUs > player?.startUs ? { start_us: player.startUs, end_us: player.endUs } : null;
  }

  /** To be called after each input: what excludes, limits and conditions each other is put right. */
  changed(event) {
    const field = event?.target;
    const question = field?.closest?.("[data-question]");
    if (question) {
      if (field.matches("input[data-slider]")) this.#touch(field);
      this.#outs(question, field);
      this.#exclude(question, field);
      this.#units(question, field);
      this.#limits(question);
      question.querySelector("[data-wrong]")?.setAttribute("hidden", "");
    }
    this.#conditions();
  }

  /** Whether an input is a decision after which the form may go on by itself: no writing, no dragging, no list to be added to. */
  decides(field) {
    if (field?.type === "checkbox") return field.dataset.part === "cannot_tell";
    return !typing(field) && field?.type !== "range" && !field?.localName?.includes("-");
  }

  /** Says at each open question what is missing, and goes to the first. */
  complain() {
    const told = new Set();
    for (const { question, code, facts } of this.problems) {
      const box = question.querySelector("[data-wrong]");
      if (!box || told.has(question)) continue;
      told.add(question);
      const seconds = Object.fromEntries(Object.entries(facts).filter(([name]) => name.endsWith("_us")).map(([name, us]) => [name, (us / 1e6).toFixed(2)]));
      box.textContent = say(`problem.${code}`, { ...facts, ...seconds, ...(code === "coverage" && { minimum: Math.round(facts.minimum * 100) }) });
      box.hidden = box.textContent === `problem.${code}`;
    }
    const [first] = told;
    const field = [...(first ?? this.open[0])?.querySelectorAll("input, textarea, select, button, [tabindex='0']") ?? []].find((one) => !one.disabled && one.getClientRects().length && !one.matches(".about"));
    field?.focus();
  }

  /** What a place on the keyboard answers now: first of all in the question whose turn it is. */
  field(code) {
    const fields = [...this.#root.querySelectorAll(`[data-code="${CSS.escape(code)}"]`)].filter((field) => !field.disabled && field.getClientRects().length);
    const focused = document.activeElement?.closest?.("[data-question]");
    const waiting = (field) => field.type !== "radio" || !this.#root.querySelector(`input[name="${CSS.escape(field.name)}"]:checked`);
    const inside = (test) => { const own = fields.filter(test); return own.find(waiting) ?? own[0]; };
    return inside((field) => field.closest(".here")) ?? inside((field) => focused?.contains(field)) ?? fields.find((field) => !field.closest("[data-row=bottom]"));
  }

  /** Does what the key of a field stands for. */
  press(field) {
    if (field.matches("button")) { field.click(); return; }
    if (!field.matches("input[type=radio], input[type=checkbox]")) { field.focus(); field.select?.(); return; }
    const optional = !("required" in (field.closest("[data-question]")?.dataset ?? {}));
    field.checked = field.type === "checkbox" || optional ? !field.checked : true;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // Parts

  #put(question, answer) {
    if (!answer) return;
    const out = question.querySelector('[data-part="cannot_tell"]');
    if (out) out.checked = answer.cannot_tell === true;
    const skip = question.querySelector('[data-part="skip"]');
    if (skip) [skip.value, question.querySelector('[data-part="skip-text"]').value] = [answer.skip?.reason ?? "", answer.skip?.text ?? ""];
    if ("value" in answer) {
      WRITE[question.dataset.type](question, answer.value);
      hold([...question.querySelectorAll('[data-part="confidence"]')], answer.confidence);
    }
    this.#units(question, null);
  }

  /** Without a script it is a field for a number, which can be left empty; a slider always has a value, so this one hides it until touched. */
  #slider(slider) {
    const untouched = slider.value === "";
    slider.type = "range";
    slider.toggleAttribute("data-untouched", untouched);
    if (untouched) slider.setAttribute("aria-valuetext", say("untouched"));
    // A press on the very middle changes nothing, and is meant; of a finger's press there is no click.
    const pressed = () => { if (slider.hasAttribute("data-untouched")) slider.dispatchEvent(new Event("input", { bubbles: true })); };
    for (const name of ["click", "pointerup"]) slider.addEventListener(name, pressed);
    show(slider);
  }

  #touch(slider) {
    slider.removeAttribute("data-untouched");
    slider.removeAttribute("aria-valuetext");
    show(slider);
  }

  /** Cannot tell, a skip and a value take each other's place. */
  #outs(question, field) {
    const tell = question.querySelector('[data-part="cannot_tell"]');
    const skip = question.querySelector('[data-part="skip"]');
    const part = field.dataset?.part;
    if (skip && ((part === "cannot_tell" && field.checked) || !OUTS.has(part))) skip.value = "";
    if (tell && ((part === "skip" && field.value) || !OUTS.has(part))) tell.checked = false;
  }

  #exclude(question, field) {
    const part = field.dataset?.part;
    const wheel = question.querySelector("emotion-wheel");
    const group = (name) => [...question.querySelectorAll(`input[type=checkbox][data-part="${name}"]`)];
    if (field === wheel && wheel?.value?.length) for (const one of group("hub")) if ("exclusive" in one.dataset) one.checked = false;
    if (!part || !field.checked) return;
    if (field.type === "checkbox" && ["label", "also", "hub"].includes(part)) {
      const alone = "exclusive" in field.dataset;
      for (const one of group(part)) if (one !== field && (alone || "exclusive" in one.dataset)) one.checked = false;
      if (alone && part === "hub" && wheel) wheel.value = [];
    }
    if (part === "primary" && !("again" in question.dataset)) for (const one of group("also")) if (one.value === field.value) one.checked = false;
    if (part === "none") for (const one of group("label")) one.checked = false;
    if (part === "label") for (const one of group("none")) one.checked = false;
  }

  /** Action units: a letter or a side ticks its unit; what is ticked is written, what is written is ticked. */
  #units(question, field) {
    const line = question.querySelector("[data-facs]");
    const of = (label) => question.querySelector(`[data-part="label"][value="${CSS.escape(label)}"]`);
    if (question.dataset.type === "action_units" && ["intensity", "side"].includes(field?.dataset.part)) {
      of(field.dataset.label).checked = true;
      for (const none of question.querySelectorAll('[data-part="none"]')) none.checked = false;
    }
    if (!line) return;
    const units = [...question.querySelectorAll('[data-part="label"]')];
    const said = question.querySelector("[data-facs-said]");
    if (field === line) {
      const { units: written, unknown } = parse(line.value);
      const known = written.filter(({ number }) => units.some((one) => one.dataset.number === number));
      const strange = [...unknown, ...written.filter((one) => !known.includes(one)).map(({ number }) => number)];
      WRITE.action_units(question, known.map(({ number, ...rest }) => ({ label: units.find((one) => one.dataset.number === number).value, ...rest })));
      for (const none of question.querySelectorAll('[data-part="none"]')) none.checked = false;
      said.textContent = strange.length ? said.dataset.unknown.replace("{what}", strange.join(", ")) : said.dataset.plain;
    } else {
      const value = READ.action_units(question) ?? [];
      line.value = write(value.map(({ label, ...rest }) => ({ number: of(label).dataset.number, ...rest })));
      said.textContent = said.dataset.plain;
    }
  }

  /** At the most, the others wait; the count is told; the primary label is not offered again. */
  #limits(question) {
    question.toggleAttribute("data-out", Boolean(question.querySelector('[data-part="cannot_tell"]')?.checked || question.querySelector('[data-part="skip"]')?.value));
    const other = question.querySelector('[data-part="skip-text"]');
    if (other) other.hidden = !question.querySelector('[data-part="skip"]').selectedOptions[0]?.hasAttribute("data-free");
    const most = Number(question.dataset.most);
    const primary = question.querySelector('[data-part="primary"]:checked')?.value;
    for (const part of ["label", "also"]) {
      const boxes = [...question.querySelectorAll(`input[type=checkbox][data-part="${part}"]`)];
      const count = boxes.filter((box) => box.checked).length;
      for (const box of boxes) {
        const again = part === "also" && box.value === primary && !("again" in question.dataset);
        box.disabled = again || (!box.checked && count >= most && !("exclusive" in box.dataset));
      }
      const out = question.querySelector("[data-count]");
      if (out && boxes.length && count) out.textContent = out.dataset.one.replace("{n}", count);
    }
  }

  #conditions() {
    const { ids, due } = asked(this.#told.scheme, this.#everything);
    for (const question of this.questions) {
      question.hidden = !ids.has(question.dataset.question);
      question.toggleAttribute("data-required", due.has(question.dataset.question));
    }
  }
}
