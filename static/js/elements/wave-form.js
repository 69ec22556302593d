// <wave-form data-peaks>: the sound of one track along the item, past and future apart, and a line where playing stands.
// A click goes there unless a trace has locked the transport. The drawing is decoration; the transport says it in words.

import { bytes } from "#app/lib/bytes.js";
import { toTrack } from "#app/lib/clock.js";
import { columns, filling, outline } from "#app/lib/peaks.js";

const SVG = "http://www.w3.org/2000/svg";
const make = (tag, attributes = {}) => {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
};

class WaveForm extends HTMLElement {
  #abort = null;
  #player = null;
  #parts = null;

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const root = this.closest(".work") ?? document;
    this.#player = root.querySelector("media-player");
    root.addEventListener("player:time", (event) => this.#move(event.detail.us), { signal });
    root.addEventListener("player:state", (event) => { if (event.detail.state === "ready") this.#load(); }, { signal });
    this.addEventListener("click", (event) => this.#click(event), { signal });
    this.#load();
  }

  disconnectedCallback() { this.#abort?.abort(); }

  get #range() {
    const start = this.#player?.startUs ?? 0;
    return [start, this.#player?.endUs || start + Number(this.dataset.trackDurationUs)];
  }

  async #load() {
    const [start, end] = this.#range;
    if (!(end > start) || this.#parts?.end === end) return;
    this.#parts ??= { end };
    this.#parts.end = end;
    try {
      const drawn = await bytes(this.dataset.peaks, { signal: this.#abort.signal });
      if (this.isConnected) this.#draw(drawn, start, end);
    } catch (error) {
      if (error.name !== "AbortError") this.hidden = true; // a picture that cannot be had is no reason to stop work
    }
  }

  #draw(drawn, start, end) {
    const track = { offsetUs: Number(this.dataset.offsetUs) || 0, driftPpb: Number(this.dataset.driftPpb) || 0 };
    const begin = Number(this.dataset.trackStartUs) || 0;
    const length = Number(this.dataset.trackDurationUs) || end - start;
    const share = (us) => (toTrack(us, track) - begin) / length;
    const pairs = columns(drawn, { from: Math.max(0, share(start)), to: Math.min(1, share(end)), columns: 600 });
    const box = this.querySelector("svg");
    const path = outline(filling(pairs));
    const inner = () => make("svg", { viewBox: `0 0 ${Math.max(1, pairs.length - 1)} 100`, preserveAspectRatio: "none", width: "100%", height: "100%" });
    const [all, past] = [inner(), inner()];
    all.append(make("path", { d: path }));
    past.append(make("path", { d: path, class: "past" }));
    // The past is the same picture behind a window that grows.
    const veil = make("svg", { width: "0%", height: "100%" });
    veil.append(past);
    const line = make("line", { class: "head-line", x1: "0%", x2: "0%", y1: "0", y2: "100%" });
    const cap = make("svg", { x: "0%", width: "1", height: "6", overflow: "visible" });
    cap.append(make("path", { class: "head-cap", d: "M-5 0h10l-5 6z" }));
    box.replaceChildren(all, veil, line, cap);
    this.#parts = { end, veil, past, line, cap, box };
    this.#move(this.#player?.nowUs ?? start);
  }

  #move(us) {
    const parts = this.#parts;
    if (!parts?.line) return;
    const [start, end] = this.#range;
    const share = Math.min(1, Math.max(0, (us - start) / (end - start)));
    const percent = `${(share * 100).toFixed(2)}%`;
    parts.line.setAttribute("x1", percent);
    parts.line.setAttribute("x2", percent);
    parts.cap.setAttribute("x", percent);
    parts.veil.setAttribute("width", percent);
    if (share > 0) parts.past.setAttribute("width", `${(100 / share).toFixed(2)}%`);
  }

  #click(event) {
    if (this.hasAttribute("data-locked") || !this.#parts?.box) return;
    const box = this.#parts.box.getBoundingClientRect();
    const [start, end] = this.#range;
    this.#player?.seek(start + ((event.clientX - box.left) / box.width) * (end - start));
  }
}

customElements.define("wave-form", WaveForm);
