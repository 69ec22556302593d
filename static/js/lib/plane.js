// The paper of a trace with two axes: a square with the hand in it; where it came from fades over some seconds, or is not shown.

import { REACH } from "#app/lib/rig.js";

const SVG = "http://www.w3.org/2000/svg";
const TAIL_US = 8_000_000;
const PIECES = 4; // of the tail, each fainter than the one after it

const at = (value) => 50 + value * REACH * 100;

export class Plane {
  #hand;
  #tail = [];
  #points = [];
  #past;

  constructor(svg, { past = true } = {}) {
    this.#past = past;
    const make = (tag, attributes) => {
      const node = document.createElementNS(SVG, tag);
      for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
      svg.append(node);
      return node;
    };
    for (let i = 0; i < PIECES && past; i++) this.#tail.push(make("path", { class: "live tail", "data-age": PIECES - 1 - i }));
    this.#hand = make("circle", { class: "hand", cx: 50, cy: 50, r: 2.6 });
  }

  to(us, value) {
    this.hand(value);
    if (!this.#past) return;
    while (this.#points.length && this.#points[0].us < us - TAIL_US) this.#points.shift();
    this.#tail.forEach((path, i) => {
      const [from, until] = [us - (TAIL_US * (PIECES - i)) / PIECES, us - (TAIL_US * (PIECES - 1 - i)) / PIECES];
      const shown = this.#points.filter((one) => one.us >= from - 60_000 && one.us <= until);
      path.setAttribute("d", shown.map(({ value: [x, y], apart }, n) => `${n === 0 || apart ? "M" : "L"}${at(x).toFixed(1)} ${(100 - at(y)).toFixed(1)}`).join(""));
    });
  }

  hand([x, y]) {
    this.#hand.setAttribute("cx", at(x).toFixed(2));
    this.#hand.setAttribute("cy", (100 - at(y)).toFixed(2));
  }

  add(us, value, apart = false) { if (this.#past) this.#points.push({ us, value, apart }); }

  cut(us) { this.#points = this.#points.filter((one) => one.us < us); }

  mark() {} // a pause is no place in the plane
}
