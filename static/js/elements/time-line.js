// <time-line>: the lanes under a recording, all of them on one clock and showing one stretch of it.
//
// + and − zoom around the playhead, the wheel with Ctrl around the pointer, the wheel sideways or with Shift scrolls, and so does the
// range below (data-scroll), which is there while something is hidden. Buttons anywhere in the workspace zoom with data-zoom="in|out".
// While it plays, the page is turned in time.
// Speaks to its lanes: timeline:view {fromUs, toUs}, timeline:time {us}.

import { make } from "#app/lib/lane.js";
import { timecode } from "#app/lib/timecode.js";
import { ticks, View } from "#app/lib/view.js";

const TICK_PX = 90;

class TimeLine extends HTMLElement {
  #abort = null;
  #player = null;
  #view = null;

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const root = this.closest(".work") ?? document;
    this.#player = root.querySelector("media-player");
    root.addEventListener("player:time", ({ detail }) => this.#time(detail), { signal });
    root.addEventListener("player:seek", ({ detail }) => { if (this.#view?.follow(detail.toUs)) this.#tell(); }, { signal });
    root.addEventListener("player:state", ({ detail }) => { if (detail.state === "ready") this.#begin(); }, { signal });
    this.addEventListener("wheel", (event) => this.#wheel(event), { signal, passive: false });
    document.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.#scroll?.addEventListener("input", () => { this.#view.begin(Number(this.#scroll.value)); this.#tell(); }, { signal });
    root.addEventListener("click", (event) => {
      const button = event.target.closest?.("[data-zoom]");
      if (button) this.zoom(button.dataset.zoom === "in" ? 0.5 : 2, this.#player?.nowUs);
    }, { signal });
    const resized = new ResizeObserver(() => this.#ruler());
    resized.observe(this);
    signal.addEventListener("abort", () => resized.disconnect());
    customElements.whenDefined("media-player").then(() => { if (!signal.aborted) this.#begin(); });
  }

  disconnectedCallback() { this.#abort?.abort(); }

  get #scroll() { return this.querySelector("[data-scroll]"); }

  get view() { return this.#view; }

  zoom(factor, aroundUs) {
    if (!this.#view) return;
    this.#view.zoom(factor, aroundUs);
    this.#tell();
  }

  /** A lane that came to life late is told what is shown. */
  ask(lane) {
    if (this.#view) this.#say("timeline:view", this.#view);
    return lane;
  }

  /** The time under a place on the screen. */
  at(clientX, plot) {
    const box = plot.getBoundingClientRect();
    return this.#view.fromUs + ((clientX - box.left) / box.width) * this.#view.lengthUs;
  }

  #begin() {
    const [least, most] = [this.#player?.startUs ?? 0, this.#player?.endUs ?? 0];
    if (!(most > least) || (this.#view?.leastUs === least && this.#view.mostUs === most)) return;
    this.#view = new View(least, most);
    this.#tell();
  }

  #time({ us, playing }) {
    if (!this.#view) return;
    if (playing && this.#view.follow(us)) this.#tell();
    this.#say("timeline:time", { us });
  }

  #tell() {
    const { fromUs, toUs, leastUs, mostUs, lengthUs, whole } = this.#view;
    const bar = this.#scroll;
    if (bar) {
      bar.hidden = whole;
      [bar.min, bar.max, bar.step] = [leastUs, mostUs - lengthUs, Math.max(1, Math.round(lengthUs / 20))];
      bar.value = fromUs;
      bar.setAttribute("aria-valuetext", `${timecode(fromUs - leastUs, 1)} – ${timecode(toUs - leastUs, 1)}`);
    }
    this.toggleAttribute("data-zoomed", !whole);
    for (const button of (this.closest(".work") ?? document).querySelectorAll("[data-zoom=out]")) button.setAttribute("aria-disabled", String(whole));
    this.#ruler();
    this.#say("timeline:view", { fromUs, toUs });
  }

  #ruler() {
    const box = this.querySelector(".ruler svg");
    if (!box || !this.#view || !box.clientWidth) return;
    const { fromUs, toUs, leastUs } = this.#view;
    const { step, at } = ticks(fromUs, toUs, Math.max(2, Math.floor(box.clientWidth / TICK_PX)), leastUs);
    const digits = step % 1e6 ? 2 : 0;
    box.replaceChildren(...at.flatMap((us) => {
      const x = `${(((us - fromUs) / (toUs - fromUs)) * 100).toFixed(3)}%`;
      const text = make("text", { x, y: "13", dx: "4" });
      text.textContent = timecode(us - leastUs, digits);
      return [make("line", { class: "tick", x1: x, x2: x, y1: "16", y2: "100%" }), text];
    }));
    const range = this.querySelector("[data-range]");
    if (range) range.textContent = `${timecode(fromUs - leastUs, 1)} – ${timecode(toUs - leastUs, 1)}`;
  }

  #wheel(event) {
    if (!this.#view) return;
    const plot = event.target.closest?.(".plot") ?? this.querySelector(".plot");
    if (event.ctrlKey) {
      event.preventDefault();
      this.zoom(2 ** (event.deltaY / 200), this.at(event.clientX, plot));
      return;
    }
    const along = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (!along || this.#view.whole) return;
    event.preventDefault();
    this.#view.scroll(along / plot.clientWidth);
    this.#tell();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (event.target.matches?.("input:not([type=radio], [type=checkbox], [type=range]), textarea, select") && !event.altKey) return;
    const factor = { "+": 0.5, "-": 2 }[event.key];
    if (!factor || !this.#view) return;
    event.preventDefault();
    this.zoom(factor, this.#player?.nowUs);
  }

  #say(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
}

customElements.define("time-line", TimeLine);
