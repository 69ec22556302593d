// The panel of a timeline: what the segment at hand is, its label, intensity and words; and the palette of the tier at hand.

import { held, hold } from "#app/lib/wire.js";
import { timecode } from "#app/lib/timecode.js";

export class Panel {
  #root;
  #tiers;
  #startUs;

  /** `act`: {label(id), set(fields)} is called for what the person does here. */
  constructor(root, tiers, startUs, act, signal) {
    [this.#root, this.#tiers, this.#startUs] = [root, tiers, startUs];
    root.addEventListener("click", (event) => {
      const label = event.target.closest?.("[data-palette] [data-label]")?.dataset.label;
      if (label) act.label(label);
    }, { signal });
    root.addEventListener("input", (event) => {
      const more = event.target.closest?.("[data-more]");
      if (!more) return;
      event.stopPropagation(); // it is a part of a segment, and the timeline says that it changed
      const { part } = event.target.dataset;
      if (event.target.matches("input[data-slider]")) { event.target.removeAttribute("data-untouched"); hold([event.target], Number(event.target.value)); }
      if (part === "intensity") act.set({ intensity: held(this.#parts(more, part)) });
      if (part === "text") act.set({ text: event.target.value.trim() || undefined });
    }, { signal });
  }

  #parts(more, part) { return [...more.querySelectorAll(`[data-part="${part}"]`)]; }

  #find(what) { return this.#root.querySelector(what); }

  times(one) { return `${timecode(one.start_us - this.#startUs)} – ${timecode(one.end_us - this.#startUs)}`; }

  show({ tier, one, index, count }) {
    const title = this.#find("[data-seg-title]"), place = this.#find("[data-seg-place]");
    const label = one && tier.labels.find(({ id }) => id === one.label);
    const button = label && this.#find(`[data-palette="${tier.id}"] [data-label="${CSS.escape(label.id)}"] .emo`);
    const mark = button ? button.cloneNode(true) : document.createTextNode(one ? one.text ?? title.dataset.empty : title.dataset.none);
    title.replaceChildren(mark, ...(one ? [Object.assign(document.createElement("span"), { className: "soft nowrap", textContent: this.times(one) })] : []));
    place.textContent = one ? `${((one.end_us - one.start_us) / 1e6).toFixed(2)} s · ${place.dataset.text.replace("{index}", index + 1).replace("{count}", count)}` : "";
    this.#find("[data-tier-name]").textContent = tier.name;
    for (const palette of this.#root.querySelectorAll("[data-palette]")) {
      palette.hidden = palette.dataset.palette !== tier.id;
      for (const chip of palette.querySelectorAll("[data-label]")) chip.setAttribute("aria-pressed", String(!palette.hidden && one?.tier === tier.id && chip.dataset.label === one.label));
    }
    for (const more of this.#root.querySelectorAll("[data-more]")) {
      const own = more.dataset.more === one?.tier;
      const text = more.querySelector("[data-text-field]");
      text.hidden = !own || !(!tier.labels.length || label?.free_text);
      more.hidden = !own || (text.hidden && !this.#parts(more, "intensity").length);
      if (!own) continue;
      hold(this.#parts(more, "intensity"), one.intensity);
      const field = text.querySelector("input");
      if (field !== document.activeElement) field.value = one.text ?? "";
    }
    for (const name of ["start", "end", "split", "merge", "remove", "apex"]) this.#find(`[data-seg="${name}"]`)?.setAttribute("aria-disabled", String(!one));
  }

  painting(label, us) {
    const badge = this.#find("[data-painting]"), text = this.#find("[data-painting-text]");
    badge.hidden = label === null;
    const said = label === null ? "" : text.dataset.text.replace("{what}", label).replace("{time}", (us / 1e6).toFixed(1));
    if (text.textContent !== said) text.textContent = said;
  }
}
