// What every lane under a recording does: it shows the stretch that its time-line shows, fetched as so many columns as there is room
// for, moves a line where playing stands, and takes a click as the wish to go there. While a finer picture is on its way, the one that
// is there is stretched to where it belongs.

import { address, columnsOf } from "#app/lib/bytes.js";

const SVG = "http://www.w3.org/2000/svg";
const SETTLE_MS = 90; // while somebody zooms, not every step is fetched

export function make(tag, attributes = {}) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

export class LaneElement extends HTMLElement {
  #abort = null;
  #fetching = null;
  #timer = 0;
  #line = null;
  #view = null;
  #shown = null; // the stretch that the picture stands for

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.player = (this.closest(".work") ?? document).querySelector("media-player");
    this.timeline = this.closest("time-line");
    this.timeline.addEventListener("timeline:view", ({ detail }) => this.#see(detail), { signal });
    this.timeline.addEventListener("timeline:time", ({ detail }) => this.move(detail.us), { signal });
    this.addEventListener("click", (event) => {
      if (this.timeline.hasAttribute("data-locked") || !this.#view || !event.target.closest(".plot")) return;
      this.player?.seek(this.timeline.at(event.clientX, this.plot));
    }, { signal });
    this.timeline.ask?.(this);
  }

  disconnectedCallback() {
    this.#abort?.abort();
    clearTimeout(this.#timer);
  }

  get signal() { return this.#abort.signal; }

  get plot() { return this.querySelector(".plot"); }

  get view() { return this.#view; }

  /** The picture's own place: `node` stands for [fromUs, toUs) and is put there whatever the view is. */
  picture(node, fromUs, toUs, overlay = []) {
    this.#shown = { node, fromUs, toUs };
    const lines = this.plot.querySelector("svg.lines");
    this.#line ??= make("line", { class: "head-line", y1: "0", y2: "100%" });
    lines.replaceChildren(...(node instanceof SVGElement ? [node] : []), ...overlay, this.#line);
    this.#place();
    this.move(this.player?.nowUs ?? fromUs);
  }

  #see(view) {
    this.#view = view;
    this.#place();
    this.move(this.player?.nowUs ?? view.fromUs);
    clearTimeout(this.#timer);
    if (this.#shown) this.#timer = setTimeout(() => this.#load(), SETTLE_MS);
    else this.#load();
  }

  async #load() {
    this.#fetching?.abort();
    this.#fetching = new AbortController();
    const { fromUs, toUs } = this.#view;
    const columns = columnsOf(this.plot.clientWidth);
    try {
      await this.draw(fromUs, toUs, columns, AbortSignal.any([this.#abort.signal, this.#fetching.signal]));
    } catch (error) {
      if (error.name !== "AbortError") this.failed(error);
    }
  }

  #place() {
    if (!this.#shown || !this.#view) return;
    const { node, fromUs, toUs } = this.#shown;
    const share = (us) => (100 * (us - this.#view.fromUs)) / (this.#view.toUs - this.#view.fromUs);
    const [x, width] = [`${share(fromUs)}%`, `${share(toUs) - share(fromUs)}%`];
    if (node instanceof SVGElement) {
      node.setAttribute("x", x);
      node.setAttribute("width", width);
    } else {
      node.style.left = x;
      node.style.width = width;
    }
  }

  /** Where on the plot a time is: a percentage. */
  share(us) { return ((100 * (us - this.#view.fromUs)) / (this.#view.toUs - this.#view.fromUs)).toFixed(3); }

  move(us) {
    if (!this.#line || !this.#view) return;
    this.#line.setAttribute("x1", `${this.share(us)}%`);
    this.#line.setAttribute("x2", `${this.share(us)}%`);
  }

  failed() { this.hidden = true; } // a picture that cannot be had is no reason to stop work

  async ask(url, wanted, signal) {
    const reply = await fetch(address(url, wanted), { signal });
    if (!reply.ok) throw new Error(String(reply.status));
    return reply;
  }
}
