// The paper of a trace: the past is drawn, the present is a line that stands still, the future is empty. Forty seconds wide.
//
// The curve is drawn once, in pieces, in time coordinates; moving on only shifts the window (viewBox) over it, so a long recording
// costs no more a frame than a short one. An axis without ends is shown relatively: the window grows with what was reached.
// Where the past is to stay hidden, the hand alone is drawn.

import { timecode } from "#app/lib/timecode.js";

const SVG = "http://www.w3.org/2000/svg";
const WINDOW_US = 40_000_000;
const NOW = 0.66;          // where the present stands, as a share of the width
const UNIT_US = 50_000;    // one unit of the curve's x
const PIECE = 240;         // points in a piece
const RULE_US = 10_000_000;

const make = (tag, attributes = {}) => {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
};

export const height = (value) => 50 - value * 42;

export class Paper {
  #curve;
  #pieces = [];
  #rules = [];
  #marks = [];
  #layer;
  #hand;
  #past;
  #bounded;
  #ends = [-1, 1]; // the lowest and the highest that the window shows

  constructor(svg, { past = true, bounded = true } = {}) {
    this.#past = past;
    this.#bounded = bounded;
    svg.prepend(make("rect", { class: "future", x: `${NOW * 100}%`, width: `${(1 - NOW) * 100}%`, height: "100%" }));
    this.#layer = make("g");
    this.#curve = make("svg", { preserveAspectRatio: "none", width: "100%", height: "100%" });
    for (let i = 0; i <= WINDOW_US / RULE_US; i++) {
      const rule = { line: make("line", { class: "grid", y1: "0", y2: "100%" }), text: make("text", { dx: "6", y: "98%", dy: "-4" }) };
      this.#rules.push(rule);
      this.#layer.append(rule.line, rule.text);
    }
    this.#hand = make("circle", { class: "hand", cx: `${NOW * 100}%`, cy: "50%", r: "9" });
    svg.append(this.#layer, this.#curve, make("line", { class: "now", x1: `${NOW * 100}%`, x2: `${NOW * 100}%`, y1: "0", y2: "100%" }), this.#hand);
    this.to(0, 0);
  }

  #x(us, now) { return ((us - now) / WINDOW_US + NOW) * 100; }

  /** Moves the paper so that `us` (from the item's start) is now. */
  to(us, value) {
    const left = us - NOW * WINDOW_US;
    if (!this.#bounded) this.#reach(value);
    const [top, bottom] = [height(this.#ends[1]), height(this.#ends[0])];
    const room = ((bottom - top) * 8) / 84; // above and below, as where the axis ends
    this.#curve.setAttribute("viewBox", `${(left / UNIT_US).toFixed(2)} ${(top - room).toFixed(2)} ${WINDOW_US / UNIT_US} ${(bottom - top + 2 * room).toFixed(2)}`);
    const first = Math.ceil(left / RULE_US) * RULE_US;
    this.#rules.forEach(({ line, text }, i) => {
      const at = first + i * RULE_US;
      const x = `${this.#x(at, us).toFixed(3)}%`;
      const shown = at >= 0 ? "" : "none";
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
      line.setAttribute("visibility", shown ? "hidden" : "visible");
      text.setAttribute("x", x);
      const label = shown ? "" : timecode(at, 0);
      if (text.textContent !== label) text.textContent = label;
    });
    for (const { at, rect, text } of this.#marks) {
      const x = this.#x(at, us);
      rect.setAttribute("x", `${(x - 0.6).toFixed(3)}%`);
      text.setAttribute("x", `${x.toFixed(3)}%`);
    }
    this.hand(value);
  }

  hand(value) {
    if (!this.#bounded) this.#reach(value);
    this.#hand.setAttribute("cy", `${this.#level(value).toFixed(2)}%`);
  }

  /** Where a value stands in the window, in percent of its height. */
  #level(value) {
    const [low, high] = this.#ends;
    return height((2 * (value - low)) / (high - low) - 1);
  }

  /** The window grows to both sides alike for what lies beyond it, so that the line of nothing stays in the middle. */
  #reach(value) {
    const most = Math.max(this.#ends[1], Math.abs(value));
    if (most <= this.#ends[1]) return;
    this.#ends = [-most, most];
  }

  /** The next point; `apart` leaves the hole before it open. */
  add(us, value, apart = false) {
    if (!this.#past) return;
    let piece = this.#pieces.at(-1);
    if (!piece || apart || piece.points.length >= PIECE) {
      const joint = piece && !apart ? [piece.points.at(-1)] : [];
      piece = { path: make("path", { class: "live" }), points: joint };
      this.#pieces.push(piece);
      this.#curve.append(piece.path);
    }
    piece.points.push([us, value]);
    this.#draw(piece);
  }

  #draw({ path, points }) {
    path.setAttribute("d", points.map(([us, value], i) => `${i ? "L" : "M"}${(us / UNIT_US).toFixed(2)} ${height(value).toFixed(1)}`).join(""));
  }

  /** Takes away everything from `us` on: it is being rated again. */
  cut(us) {
    for (const piece of this.#pieces) {
      piece.points = piece.points.filter(([at]) => at < us);
      if (piece.points.length) this.#draw(piece);
      else piece.path.remove();
    }
    this.#pieces = this.#pieces.filter((piece) => piece.points.length);
  }

  /** A pause, where it happened. */
  mark(us, label) {
    const rect = make("rect", { class: "pause", width: "1.2%", height: "100%" });
    const text = make("text", { dx: "10", y: "14" });
    text.textContent = label;
    this.#layer.prepend(rect, text);
    this.#marks.push({ at: us, rect, text });
  }
}
