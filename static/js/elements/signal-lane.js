// <signal-lane data-lane>: a signal (physiology, a feature) under the recording, on the same clock.
//
// The server answers GET lane?from_us=&to_us=&columns= with {from_us, to_us, unit, minimum, maximum, lows: [], highs: []}: the
// least and greatest value of each column, so no peak is lost at any zoom; null where there is no data. + and − zoom around the
// playhead, the wheel with Ctrl around the pointer.

import { signalPath } from "#app/lib/peaks.js";
import { say } from "#app/lib/texts.js";

const SVG = "http://www.w3.org/2000/svg";
const make = (tag, attributes = {}) => {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
};

class SignalLane extends HTMLElement {
  #abort = null;
  #player = null;
  #view = null; // [from, to] in µs
  #line = null;
  #fetching = null;

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const root = this.closest(".work") ?? document;
    this.#player = root.querySelector("media-player");
    root.addEventListener("player:time", (event) => this.#move(event.detail.us), { signal });
    root.addEventListener("player:state", (event) => { if (event.detail.state === "ready") this.#start(); }, { signal });
    this.addEventListener("click", (event) => {
      if (!this.hasAttribute("data-locked") && this.#view && event.target.closest("svg")) this.#player?.seek(this.#at(event.clientX));
    }, { signal });
    this.addEventListener("wheel", (event) => {
      if (!event.ctrlKey || !this.#view) return;
      event.preventDefault();
      this.zoom(event.deltaY < 0 ? 0.5 : 2, this.#at(event.clientX));
    }, { signal, passive: false });
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.target.matches?.("input, textarea, select")) return;
      if (event.key === "+") this.zoom(0.5, this.#player?.nowUs);
      if (event.key === "-") this.zoom(2, this.#player?.nowUs);
    }, { signal });
    this.#start();
  }

  disconnectedCallback() { this.#abort?.abort(); }

  get #whole() { return [this.#player?.startUs ?? 0, this.#player?.endUs ?? 0]; }

  #start() {
    const [from, to] = this.#whole;
    if (to > from && !this.#view) this.#show(from, to);
  }

  /** Zoom in (factor < 1) or out around a time, never beyond the item, never below a quarter of a second. */
  zoom(factor, around) {
    if (!this.#view) return;
    const [least, most] = this.#whole;
    const width = Math.min(most - least, Math.max(250_000, (this.#view[1] - this.#view[0]) * factor));
    const share = (around - this.#view[0]) / (this.#view[1] - this.#view[0]);
    const from = Math.min(most - width, Math.max(least, around - share * width));
    this.#show(Math.round(from), Math.round(from + width));
  }

  async #show(from, to) {
    this.#view = [from, to];
    this.#fetching?.abort();
    this.#fetching = new AbortController();
    const url = new URL(this.dataset.lane, location.href);
    const wanted = { from_us: from, to_us: to, columns: Math.min(1000, Math.max(100, Math.round(this.clientWidth))) };
    for (const [name, value] of Object.entries(wanted)) url.searchParams.set(name, value);
    try {
      const reply = await fetch(url, { headers: { Accept: "application/json" }, signal: AbortSignal.any([this.#abort.signal, this.#fetching.signal]) });
      if (!reply.ok) throw new Error(String(reply.status));
      this.#draw(await reply.json());
    } catch (error) {
      if (error.name !== "AbortError") this.querySelector("[data-unit]").textContent = say("lane.missing");
    }
  }

  #draw(lane) {
    const box = this.querySelector(".lane svg");
    const [from, to] = this.#view;
    const inner = make("svg", { viewBox: `0 0 ${Math.max(1, lane.lows.length - 1)} 100`, preserveAspectRatio: "none", height: "100%" });
    // What came may be wider than what was asked for; it is placed by its own times.
    inner.setAttribute("x", `${((lane.from_us - from) / (to - from)) * 100}%`);
    inner.setAttribute("width", `${((lane.to_us - lane.from_us) / (to - from)) * 100}%`);
    inner.append(make("path", { class: "sig", d: signalPath(lane.lows, lane.highs, lane.minimum, lane.maximum) }));
    this.#line = make("line", { class: "head-line", y1: "0", y2: "100%" });
    box.replaceChildren(inner, this.#line);
    this.querySelector("[data-unit]").textContent = lane.unit ?? "";
    this.#move(this.#player?.nowUs ?? from);
  }

  #move(us) {
    if (!this.#line) return;
    const [from, to] = this.#view;
    const percent = `${(((us - from) / (to - from)) * 100).toFixed(2)}%`;
    this.#line.setAttribute("x1", percent);
    this.#line.setAttribute("x2", percent);
  }

  #at(clientX) {
    const box = this.querySelector(".lane svg").getBoundingClientRect();
    return this.#view[0] + ((clientX - box.left) / box.width) * (this.#view[1] - this.#view[0]);
  }
}

customElements.define("signal-lane", SignalLane);
