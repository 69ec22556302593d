// The rig: everything a hand can move a rating with — mouse without a click, wheel, arrow keys, touch, a gamepad's stick — on one pad.
//
// It knows the value now, and the trail of where the hand was by the times of its own events, so that a page that comes late still
// knows it. Devices that the scheme does not allow move nothing and are told. It measures how late each movement reached the page.

import { clamp } from "#app/lib/clock.js";
import { KeyHand, Lateness, REPEAT_MS, stick, stickMoves, tilt, turned } from "#app/lib/hands.js";
import { ours, place } from "#app/lib/keys.js";
import { Hand, OWED_US } from "#app/lib/trace.js";

export const REACH = 0.42;    // of the pad's size from its middle to an end of an axis
const ASKED_MS = 25;          // where a stick was is known so long before and after it was asked
const SETTINGS = "concord-stick";
const ARROWS = { ArrowUp: [1, 1], ArrowDown: [1, -1], ArrowRight: [0, 1], ArrowLeft: [0, -1] };

/** The settings of the person's stick on this machine. */
export function remembered() {
  try {
    return stick(JSON.parse(localStorage.getItem(SETTINGS) ?? "null"));
  } catch {
    return stick(null); // what stands there is not ours
  }
}

export function remember(settings) {
  const good = stick(settings);
  localStorage.setItem(SETTINGS, JSON.stringify(good));
  return good;
}

export class Rig {
  #pad;
  #axes;
  #bounded;
  #allowed;
  #active;
  #on;
  #vector;
  #keys;
  #held = false;  // a key has moved the value last
  #followed = 0;  // up to when the trail knows what held keys did
  #pointer = null; // where a pointer was, for axes without ends
  #polled = 0;
  #asked = [];    // when it was asked since the last sample
  #late = new Lateness();
  #padId = "";
  device = "";
  used = {};
  trail = new Hand();
  settings = remembered();

  /** on: {moved(device), refused(device)}; active(): does the pad take what the hand does? */
  constructor({ pad, axes = 1, bounded = true, allowed = [], active = () => true, on, signal }) {
    Object.assign(this, { trail: new Hand(axes === 1 ? 0 : [0, 0]) });
    this.#pad = pad;
    this.#axes = axes;
    this.#bounded = bounded;
    this.#allowed = allowed;
    this.#active = active;
    this.#on = on;
    this.#vector = Array(axes).fill(0);
    this.#keys = this.#vector.map(() => new KeyHand(0, { bounded }));
    const target = pad.ownerDocument;
    pad.addEventListener("pointermove", (event) => this.#point(event), { signal });
    pad.addEventListener("pointerdown", (event) => { if (event.pointerType !== "mouse") pad.setPointerCapture(event.pointerId); this.#pointer = null; this.#point(event); }, { signal });
    pad.addEventListener("pointerleave", () => { this.#pointer = null; }, { signal });
    pad.addEventListener("wheel", (event) => this.#wheel(event), { signal, passive: false });
    target.addEventListener("keydown", (event) => this.#key(event, true), { signal, capture: true });
    target.addEventListener("keyup", (event) => this.#key(event, false), { signal });
  }

  /** A number, or a pair for two axes. */
  get value() { return this.#axes === 1 ? this.#vector[0] : Object.freeze([...this.#vector]); }

  /** Puts the hand somewhere: a trace that is taken up goes on from its last value. */
  put(value, ms) {
    this.#vector = [value].flat();
    this.trail.move(ms, this.value);
  }

  /** The value at `ms`, with what a held key has done up to then. */
  settle(ms) {
    if (this.#held) {
      this.#follow(ms);
      this.#vector = this.#keys.map((hand) => hand.read(ms));
    }
    return this.value;
  }

  /** Ask the stick; held keys go on. Often while it plays: a stick has no events of its own. */
  poll(ms) {
    const pad = [...(navigator.getGamepads?.() ?? [])].find((one) => one?.connected);
    if (pad && this.#polled && this.#active()) this.#stick(pad, ms - this.#polled, ms);
    if (this.#asked.push(ms) > 200) this.#asked.shift(); // nobody wants to know while it rests
    this.#polled = ms;
    this.settle(ms);
  }

  /** Is it known where the hand was at `ms`? Movements tell their time; a stick does not, so of it only what was asked for is known. */
  known(ms) { return this.device !== "gamepad" || this.#asked.some((one) => Math.abs(one - ms) <= ASKED_MS); }

  /** What lies before `ms` is not asked for again. */
  forget(ms) {
    this.trail.forget(ms);
    const first = this.#asked.findIndex((one) => one >= ms - ASKED_MS);
    this.#asked.splice(0, first === -1 ? this.#asked.length : first);
  }

  get connected() { return [...(navigator.getGamepads?.() ?? [])].some((one) => one?.connected); }

  /** What goes with a trace about how it was made. */
  get evidence() {
    const most = Object.entries(this.used).sort((a, b) => b[1] - a[1]);
    const { mode, gain, deadZone } = this.settings;
    return {
      kind: most[0]?.[0] ?? "none",
      used: this.used,
      input_ms: { n: this.#late.n, p50: this.#late.at(0.5), p99: this.#late.at(0.99) },
      ...(this.used.gamepad ? { stick: { mode, gain, dead_zone: deadZone, id: this.#padId } } : {}),
    };
  }

  allows(device) { return !this.#allowed.length || this.#allowed.includes(device); }

  #set(vector, device, ms) {
    this.#held = device === "keys";
    this.#vector = vector;
    this.trail.move(ms, this.value);
    this.used[device] = (this.used[device] ?? 0) + 1;
    const before = this.device;
    this.device = device;
    this.#on.moved(device, before);
  }

  #takes(device) {
    if (!this.#active()) return false;
    if (this.allows(device)) return true;
    this.#on.refused(device);
    return false;
  }

  // Pointers ----------------------------------------------------------------------------------------------------------

  #point(event) {
    const device = event.pointerType === "touch" ? "touch" : "mouse";
    if (!this.#takes(device)) return;
    this.#late.add(performance.now() - event.timeStamp);
    const box = this.#pad.getBoundingClientRect();
    // One event a frame comes; the movements it stands for each know their own time.
    for (const one of event.getCoalescedEvents?.() ?? []) this.trail.move(one.timeStamp, this.#pack(this.#place(one, box)));
    this.#set(this.#place(event, box), device, event.timeStamp);
  }

  /** Where a pointer points to; on an axis without ends it pushes, wherever it is. */
  #place({ clientX, clientY }, box) {
    const point = [(clientX - box.left) / box.width - 0.5, 0.5 - (clientY - box.top) / box.height].map((one) => one / REACH).slice(2 - this.#axes);
    if (this.#bounded) return point.map((one) => clamp(one, -1, 1));
    const before = this.#pointer ?? point;
    this.#pointer = point;
    this.#vector = this.#vector.map((one, axis) => one + point[axis] - before[axis]);
    return [...this.#vector];
  }

  #pack(vector) { return this.#axes === 1 ? vector[0] : vector; }

  #wheel(event) {
    if (!this.#active()) return;
    event.preventDefault(); // the page stays where it is while somebody rates
    if (!this.#takes("wheel")) return;
    this.#late.add(performance.now() - event.timeStamp);
    const turn = [-turned(event.deltaX, event.deltaMode), turned(event.deltaY, event.deltaMode)].slice(2 - this.#axes);
    const moved = this.#vector.map((one, axis) => (this.#bounded ? clamp(one + turn[axis], -1, 1) : one + turn[axis]));
    this.#set(moved, "wheel", event.timeStamp);
  }

  // Keys --------------------------------------------------------------------------------------------------------------

  #key(event, down) {
    const [axis, direction] = ARROWS[place(event)] ?? [];
    if (direction === undefined || (this.#axes === 1 && axis === 0)) return;
    if (down && (!ours(event) || document.querySelector("dialog[open]") || !this.#active())) return;
    if (event.target.matches?.("input[type=radio], input[type=range]")) return;
    if (down) event.preventDefault();
    if (down && event.repeat) return; // our own repeats move, not the system's
    if (!this.allows("keys")) { if (down) this.#on.refused("keys"); return; }
    const ms = event.timeStamp;
    const hand = this.#keys[this.#axes === 1 ? 0 : axis];
    if (this.#held) this.#follow(ms);
    else if (down) this.#keys.forEach((one, at) => { one.value = this.#vector[at]; });
    if (down) this.#late.add(performance.now() - ms);
    if (down) hand.press(direction, ms); else hand.release(direction, ms);
    if (down || this.#held) this.#set(this.#keys.map((one) => one.read(ms)), "keys", ms);
    if (down) this.#followed = ms;
  }

  /** What held keys did up to `ms`, in their own small steps. */
  #follow(ms) {
    for (let at = Math.max(this.#followed + REPEAT_MS, ms - OWED_US / 1000); at <= ms; at += REPEAT_MS) this.trail.move(at, this.#pack(this.#keys.map((hand) => hand.read(at))));
    this.#followed = ms;
  }

  // The stick ---------------------------------------------------------------------------------------------------------

  #stick(pad, passed, ms) {
    const axes = [pad.axes[0], -pad.axes[1]].slice(2 - this.#axes);
    const springs = this.settings.mode === "spring" && this.#bounded && this.device === "gamepad";
    if (!springs && axes.every((axis) => tilt(axis, this.settings) === 0)) return;
    if (!this.#takes("gamepad")) return;
    this.#padId = String(pad.id ?? "").replace(/[^ -~]/g, "").slice(0, 80);
    if (pad.timestamp) this.#late.add(ms - pad.timestamp);
    const how = { bounded: this.#bounded };
    this.#set(this.#vector.map((one, at) => stickMoves(one, axes[at], passed, this.settings, how)), "gamepad", ms);
  }
}
