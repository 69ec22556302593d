// Draws the timeline's window: ruler, waveform, tiers. Only what is visible is drawn, on one canvas; the playhead is not on it,
// so while playing nothing here is drawn again.

import { timecode } from "#app/lib/timecode.js";
import { rows } from "#app/lib/segments.js";

const TURN = Math.PI * 2;
const polygon = (...points) => (path) => { points.forEach(([x, y], i) => (i ? path.lineTo(x, y) : path.moveTo(x, y))); path.closePath(); };
const star = polygon([0, -1], [0.3, -0.3], [1, 0], [0.3, 0.3], [0, 1], [-0.3, 0.3], [-1, 0], [-0.3, -0.3]);
const SHAPES = {
  circle: (path) => path.arc(0, 0, 0.85, 0, TURN),
  square: (path) => path.rect(-0.8, -0.8, 1.6, 1.6),
  triangle: polygon([0, -1], [1, 0.9], [-1, 0.9]),
  diamond: polygon([0, -1], [1, 0], [0, 1], [-1, 0]),
  plus: polygon([-0.33, -1], [0.33, -1], [0.33, -0.33], [1, -0.33], [1, 0.33], [0.33, 0.33], [0.33, 1], [-0.33, 1], [-0.33, 0.33], [-1, 0.33], [-1, -0.33], [-0.33, -0.33]),
  cross: polygon([-1, -0.6], [-0.6, -1], [0, -0.4], [0.6, -1], [1, -0.6], [0.4, 0], [1, 0.6], [0.6, 1], [0, 0.4], [-0.6, 1], [-1, 0.6], [-0.4, 0]),
  star,
  bar: (path) => path.rect(-1, -0.45, 2, 0.9),
  ring: (path) => { path.arc(0, 0, 0.9, 0, TURN); path.moveTo(0.45, 0); path.arc(0, 0, 0.45, TURN, 0, true); },
  drop: (path) => { path.moveTo(0, -1); path.quadraticCurveTo(1.3, 0.4, 0, 1); path.quadraticCurveTo(-1.3, 0.4, 0, -1); },
  hexagon: polygon([-0.5, -0.9], [0.5, -0.9], [1, 0], [0.5, 0.9], [-0.5, 0.9], [-1, 0]),
  half: (path) => { path.arc(0, 0.3, 0.95, Math.PI, TURN); path.closePath(); },
  right: polygon([-0.8, -0.9], [1, 0], [-0.8, 0.9]),
  down: polygon([-1, -0.8], [1, -0.8], [0, 1]),
  corner: polygon([-0.9, -0.9], [0.9, -0.9], [0.9, 0.9]),
};
const OF_EMOTION = { joy: "circle", interest: "right", surprise: "star", anger: "triangle", disgust: "hexagon", contempt: "corner", fear: "diamond", sadness: "down", calm: "bar", neutral: "ring" };

export const shapeOf = ({ emotion, mark }) => OF_EMOTION[emotion] ?? mark?.shape ?? "square";

const paths = new Map();
function pathOf(shape) {
  if (!paths.has(shape)) { const path = new Path2D(); SHAPES[shape](path); paths.set(shape, path); }
  return paths.get(shape);
}

export class Painter {
  #canvas;
  #context;
  #texts = new Map(); // text → width, so that nothing is measured twice
  inks = {};          // names of the palette → colours of the page
  colours = new Map(); // label's id in its tier → colour

  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: true });
  }

  /** Takes the size of the box; true when it changed. */
  fit(width, height) {
    const ratio = globalThis.devicePixelRatio || 1;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.#canvas.width === w && this.#canvas.height === h) return false;
    [this.#canvas.width, this.#canvas.height] = [w, h];
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#texts.clear();
    return true;
  }

  #width(text) {
    if (!this.#texts.has(text)) this.#texts.set(text, this.#context.measureText(text).width);
    return this.#texts.get(text);
  }

  draw({ scale, lanes, height, segments, selected, active, peaks }) {
    const c = this.#context, { inks } = this;
    c.clearRect(0, 0, scale.width, height);
    c.font = `12px ${inks.face}`;
    c.textBaseline = "middle";
    this.#ruler(scale, lanes.ruler, height);
    if (lanes.wave && peaks) this.#wave(scale, lanes.wave, peaks);
    for (const tier of lanes.tiers) {
      if (tier.id === active) { c.fillStyle = inks.active; c.fillRect(0, tier.top, scale.width, tier.height); }
      c.fillStyle = inks.line;
      c.fillRect(0, tier.top + tier.height - 1, scale.width, 1);
      const own = segments.filter((one) => one.tier === tier.id);
      const { placed, count } = tier.overlap ? rows(own) : { placed: null, count: 1 };
      for (const one of own) if (one.id !== selected) this.#segment(scale, tier, one, placed?.get(one.id) ?? 0, count, false);
      const chosen = own.find((one) => one.id === selected);
      if (chosen) this.#segment(scale, tier, chosen, placed?.get(chosen.id) ?? 0, count, true);
    }
  }

  #ruler(scale, lane, height) {
    const c = this.#context, { inks } = this;
    const { times, digits } = scale.ticks();
    for (const us of times) {
      const x = Math.round(scale.x(us)) + 0.5;
      c.fillStyle = inks.grid;
      c.fillRect(x - 0.5, lane.top + lane.height, 1, height);
      c.fillStyle = inks.tick;
      c.fillRect(x - 0.5, lane.top + lane.height - 7, 1, 7);
      c.fillStyle = inks.soft;
      c.fillText(timecode(us - scale.start, digits), x + 4, lane.top + lane.height / 2 - 2);
    }
    c.fillStyle = inks.line;
    c.fillRect(0, lane.top + lane.height - 1, scale.width, 1);
  }

  #wave(scale, lane, pairs) {
    const c = this.#context, middle = lane.top + lane.height / 2, size = lane.height / 2 - 4;
    c.fillStyle = this.inks.wave;
    const each = scale.width / pairs.length;
    pairs.forEach(([low, high], i) => {
      const top = middle - (high / 128) * size, bottom = middle - (low / 128) * size;
      c.fillRect(i * each, Math.min(top, middle - 0.5), Math.max(each, 1), Math.max(bottom - top, 1));
    });
    c.fillStyle = this.inks.line;
    c.fillRect(0, lane.top + lane.height - 1, scale.width, 1);
  }

  #segment(scale, tier, one, row, count, chosen) {
    const c = this.#context, { inks } = this;
    const x = scale.x(one.start_us), right = scale.x(one.end_us);
    const left = Math.max(-4, x), width = Math.max(2, Math.min(scale.width + 4, right) - left);
    const each = (tier.height - 5) / count, top = tier.top + 2 + row * each, tall = each - (count > 1 ? 1 : 0);
    const label = tier.labels.get(one.label);
    const colour = this.colours.get(`${tier.id} ${one.label}`) ?? inks.tick;
    c.fillStyle = inks.surface;
    c.fillRect(left, top, width, tall);
    c.globalAlpha = chosen ? 0.42 : 0.24;
    c.fillStyle = colour;
    c.fillRect(left, top, width, tall);
    c.globalAlpha = 1;
    if (x > -4) c.fillRect(x, top, Math.min(3, width), tall);
    if (!label && tier.labels.size) this.#open(left, top, width, tall);
    if (one.apex_us !== undefined) this.#apex(scale.x(one.apex_us), top, tall);
    this.#words(one, label, Math.max(x, 0), width, top, tall, colour);
    if (!chosen) return;
    c.strokeStyle = inks.ink;
    c.lineWidth = 2;
    c.strokeRect(left + 1, top + 1, width - 2, tall - 2);
    if (width < 14) return;
    // Handles say where it can be drawn.
    c.fillStyle = inks.ink;
    for (const edge of [x, right - 5]) if (edge > -5 && edge < scale.width) c.fillRect(edge, top + tall / 2 - 7, 5, 14);
  }

  #apex(x, top, tall) {
    const c = this.#context;
    c.fillStyle = this.inks.soft;
    c.fillRect(x - 0.75, top, 1.5, tall);
    c.beginPath();
    c.arc(x, top + 3.5, 3.5, 0, TURN);
    c.fill();
  }

  /** Without a label it is hatched: it is not done. */
  #open(left, top, width, tall) {
    const c = this.#context;
    c.save();
    c.beginPath();
    c.rect(left, top, width, tall);
    c.clip();
    c.strokeStyle = this.inks.tick;
    c.lineWidth = 1;
    c.beginPath();
    for (let x = left - tall; x < left + width; x += 8) { c.moveTo(x, top + tall); c.lineTo(x + tall, top); }
    c.stroke();
    c.restore();
  }

  #words(one, label, left, width, top, tall, colour) {
    const c = this.#context;
    const room = width - 12;
    if (tall < 12 || room < 8) return;
    let x = left + 8;
    if (label) {
      c.save();
      c.translate(x + 5, top + tall / 2);
      c.scale(5, 5);
      c.fillStyle = colour;
      c.fill(pathOf(shapeOf(label)), "evenodd");
      c.restore();
      x += 15;
    }
    const left2 = room - (label ? 15 : 0);
    const full = [label?.name ?? one.text ?? "", one.intensity ?? ""].filter((part) => part !== "").join(" ");
    const text = this.#width(full) <= left2 ? full : this.#cut(label ? label.mark.text : full, left2);
    if (!text) return;
    c.fillStyle = this.inks.ink;
    c.fillText(text, x, top + tall / 2 + 0.5);
  }

  #cut(text, room) {
    if (this.#width(text) <= room) return text;
    const share = Math.floor((text.length * room) / this.#width(text)) - 1;
    return share > 1 ? `${text.slice(0, share)}…` : "";
  }

  /** The whole recording in one line: where segments are, and the window. */
  overview({ scale, width, height, segments, tiers }) {
    const c = this.#context, { inks } = this;
    const x = (us) => ((us - scale.start) / (scale.end - scale.start)) * width;
    c.clearRect(0, 0, width, height);
    c.fillStyle = inks.active;
    c.fillRect(x(scale.from), 0, Math.max(3, x(scale.to) - x(scale.from)), height);
    const tall = Math.max(2, (height - 8) / tiers.length);
    for (const one of segments) {
      const row = tiers.indexOf(one.tier);
      c.fillStyle = this.colours.get(`${one.tier} ${one.label}`) ?? inks.tick;
      c.fillRect(x(one.start_us), 4 + row * tall, Math.max(1.5, x(one.end_us) - x(one.start_us)), tall - (tiers.length > 1 ? 1 : 0));
    }
    c.strokeStyle = inks.accent;
    c.lineWidth = 1.5;
    c.strokeRect(x(scale.from) + 0.75, 0.75, Math.max(3, x(scale.to) - x(scale.from)) - 1.5, height - 1.5);
  }
}
