// <affect-grid>: a point in a plane. The hand points anywhere in it; the keyboard moves two sliders, one along each axis, that a
// screen reader reads as such: on either of them left and right go along x, up and down along y. Before that there is no point.
// `value` is [x, y] or null.

import { clamp } from "#app/lib/clock.js";

const ARROWS = { ArrowLeft: ["x", -1], ArrowRight: ["x", 1], ArrowDown: ["y", -1], ArrowUp: ["y", 1], PageDown: ["y", -10], PageUp: ["y", 10] };

class AffectGrid extends HTMLElement {
  #abort = null;
  #touched = false;

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const pad = this.querySelector(".pad2");
    pad.addEventListener("pointerdown", (event) => { if (event.button === 0) this.#grab(pad, event); }, { signal });
    pad.addEventListener("pointermove", (event) => { if (pad.hasPointerCapture(event.pointerId)) this.#point(pad, event); }, { signal });
    this.addEventListener("keydown", (event) => this.#key(event), { signal });
    for (const axis of this.#axes) axis.addEventListener("input", (event) => { event.stopPropagation(); this.#set(this.#numbers); }, { signal });
    this.#show();
  }

  disconnectedCallback() { this.#abort?.abort(); }

  get #axes() { return [...this.querySelectorAll("input[data-axis]")]; }

  get #numbers() { return this.#axes.map((axis) => Math.round(Number(axis.value) * 1e4) / 1e4); }

  get value() { return this.#touched ? this.#numbers : null; }

  set value(point) {
    this.#touched = Array.isArray(point);
    if (this.#touched) this.#axes.forEach((axis, index) => { axis.value = point[index]; });
    this.#show();
  }

  #set(point) {
    this.value = point;
    this.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #grab(pad, event) {
    event.preventDefault();
    pad.setPointerCapture(event.pointerId);
    this.#axes[0].focus({ preventScroll: true });
    this.#point(pad, event);
  }

  #point(pad, event) {
    const box = pad.getBoundingClientRect();
    const share = [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height];
    const point = this.#axes.map((axis, index) => {
      const [least, most, step] = [axis.min, axis.max, axis.dataset.step].map(Number);
      // With cells the whole cell means its value; without, the value is where the hand is.
      const along = "cells" in pad.dataset ? least + Math.floor(clamp(share[index], 0, 0.999999) * (Math.round((most - least) / step) + 1)) * step : least + clamp(share[index], 0, 1) * (most - least);
      return clamp(along, least, most);
    });
    this.#set(point);
  }

  #key(event) {
    const [name, times] = ARROWS[event.code] ?? [];
    if (!name || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const axis = this.#axes.find(({ dataset }) => dataset.axis === name);
    if (this.#touched) axis.value = Number(axis.value) + times * Number(axis.dataset.step) * (event.shiftKey ? 5 : 1);
    this.#set(this.#numbers); // the first arrow puts the point into the middle
  }

  #show() {
    const here = this.querySelector("[data-here]");
    here.setAttribute("visibility", this.#touched ? "visible" : "hidden");
    const pad = this.querySelector(".pad2");
    const [x, y] = this.#axes.map((axis) => {
      const [least, most, step, now] = [axis.min, axis.max, axis.dataset.step, axis.value].map(Number);
      const cells = Math.round((most - least) / step) + 1;
      const share = "cells" in pad.dataset ? ((now - least) / step + 0.5) / cells : (now - least) / (most - least);
      if (this.#touched) axis.removeAttribute("aria-valuetext"); else axis.setAttribute("aria-valuetext", this.dataset.none);
      return share * 100;
    });
    const [left, top] = [`${x.toFixed(2)}%`, `${(100 - y).toFixed(2)}%`];
    const [dot, along, up] = [here.querySelector("circle"), here.querySelector('[data-cross="x"]'), here.querySelector('[data-cross="y"]')];
    dot.setAttribute("cx", left);
    dot.setAttribute("cy", top);
    for (const end of ["x1", "x2"]) along.setAttribute(end, left);
    for (const end of ["y1", "y2"]) up.setAttribute(end, top);
    this.querySelector("[data-said]").textContent = this.#touched ? this.#numbers.join(" · ") : this.dataset.none;
  }
}

customElements.define("affect-grid", AffectGrid);
