// <trace-pad>: rating while it plays. The hand moves a value (mouse over the paper, arrow keys, touch, a gamepad's stick), the player
// gives the time, the sampler keeps both; every second a chunk goes to the outbox and the page says up to where the server has it.
//
// The transport is locked, leaving the window pauses, "back 5 s" replaces what it goes over and is logged. A reload goes on where
// the last chunk ended. A page that comes late to a frame makes up what it owes from the times of the hand's events. Speaks: trace:kept {text}, trace:finished.

import { clamp, Coverage } from "#app/lib/clock.js";
import { ours, place } from "#app/lib/keys.js";
import { Paper } from "#app/lib/paper.js";
import { outbox } from "#app/lib/sending.js";
import { say } from "#app/lib/texts.js";
import { timecode } from "#app/lib/timecode.js";
import { FLAG, Hand, KeyHand, LATE_US, OWED_US, owed, REPEAT_MS, Sampler } from "#app/lib/trace.js";

const PATIENCE = 5;      // ticks that a late page waits for the frame that brings the hand's movements
const CHUNK_MS = 1000;
const TICK_MS = 40;      // beside the animation frame, which slows down when the machine is busy
const BACK_US = 5_000_000;
const STICK_SPEED = 1.4; // of the value's whole −1…1 a second at full deflection: the value stays where it is left
const DEAD_ZONE = 0.12;

class TracePad extends HTMLElement {
  #abort = null;
  #player = null;
  #paper = null;
  #sampler = new Sampler();
  #hand = new KeyHand();
  #trail = new Hand();
  #followed = 0;  // up to when the trail knows what a held key did
  #reached = null; // the last sample of this stretch of play: {us, ms}
  #waited = 0;
  #value = 0;
  #device = "mouse";
  #devices = {};
  #events = [];
  #covered = new Coverage();
  #last = null;
  #keptUs = null;
  #timers = [];
  #polled = 0;
  #pausedAt = 0;
  #resumeUs = null;
  #started = false;
  complete = false;
  clientId = "";

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const root = this.closest(".work");
    this.#player = root.querySelector("media-player");
    this.clientId = this.#form.elements.client_id.value;
    this.#paper = new Paper(this.querySelector(".pad > svg"));
    this.#resume();
    root.addEventListener("player:time", (event) => this.#tick(event.detail.us, true), { signal });
    root.addEventListener("player:state", (event) => this.#moved(event.detail.state), { signal });
    addEventListener("blur", () => this.#leave("blur"), { signal });
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.#leave("hidden"); }, { signal });
    addEventListener("pagehide", () => this.#flush(), { signal });
    document.addEventListener("keydown", (event) => this.#key(event, true), { signal, capture: true });
    document.addEventListener("keyup", (event) => this.#key(event, false), { signal });
    root.addEventListener("click", (event) => {
      const act = event.target.closest?.("[data-trace]");
      if (act?.getAttribute("aria-disabled") === "false") this.#act(act.dataset.trace);
    }, { signal });
    const pad = this.querySelector(".pad");
    pad.addEventListener("pointermove", (event) => this.#point(event), { signal });
    pad.addEventListener("pointerdown", (event) => { if (event.pointerType !== "mouse") pad.setPointerCapture(event.pointerId); this.#point(event); }, { signal });
    outbox.addEventListener("outbox:acknowledged", (event) => this.#kept(event.detail), { signal });
    this.#timers = [setInterval(() => this.#flush(), CHUNK_MS), setInterval(() => this.#poll(), TICK_MS)];
    customElements.whenDefined("media-player").then(() => {
      if (signal.aborted) return;
      this.#player.locked = true;
      this.#moved(this.#player.state);
    });
  }

  disconnectedCallback() {
    this.#abort?.abort();
    this.#timers.forEach(clearInterval);
    this.#flush();
  }

  get #form() { return this.closest("form"); }

  get #place() { return `concord-trace/${this.dataset.assignment}/${this.dataset.question}`; }

  /** Several traces of an item are rated one after the other. */
  get #active() { return !this.complete && this.closest("form").querySelector("trace-pad:not([data-complete])") === this; }

  #resume() {
    const kept = JSON.parse(localStorage.getItem(this.#place) ?? "null");
    if (!kept) return;
    this.clientId = kept.clientId;
    for (const field of document.querySelectorAll("#work input[name=client_id]")) field.value = kept.clientId;
    this.#sampler = new Sampler({ sequence: kept.sequence, lastUs: kept.us });
    this.#resumeUs = kept.us;
    this.#started = true;
    this.#log("resumed", { at_us: kept.us });
    this.#out("kept", say("resume", { time: timecode(kept.us - (Number(this.#player.dataset.startUs) || 0), 1) }));
  }

  #moved(state) {
    if (!this.#active) return;
    const player = this.#player;
    if (state === "ready" && this.#resumeUs !== null) player.seek(this.#resumeUs, { why: "resume", force: true });
    if (state === "playing") {
      if (this.#pausedAt) this.#paper.mark(player.nowUs - player.startUs, say("paused", { n: Math.round((performance.now() - this.#pausedAt) / 1000) }));
      this.#pausedAt = 0;
      this.#started = true;
      this.#log("play", { at_us: player.nowUs });
    }
    if (this.#started && (state === "paused" || state === "stalled")) {
      this.#sampler.interrupt();
      this.#log(state === "stalled" ? "stall" : "pause", { at_us: player.nowUs });
      this.#pausedAt = performance.now();
      this.#flush();
    }
    if (state !== "playing") {
      if (state === "ended") this.#catchUp(player.nowUs, performance.now(), { ended: true });
      this.#reached = null;
    }
    if (state === "ended" && this.#started) this.#finish();
    const acts = this.#started && !this.complete ? "false" : "true";
    for (const button of this.closest(".work").querySelectorAll("[data-trace]")) button.setAttribute("aria-disabled", acts);
    this.#paper.to(player.nowUs - player.startUs, this.#value);
  }

  #leave(why) {
    if (!this.#active || !this.#player?.playing) return;
    this.#log(why, { at_us: this.#player.nowUs });
    this.#player.pause();
  }

  // The hand ----------------------------------------------------------------------------------------------------------

  #point(event) {
    const box = this.querySelector(".pad").getBoundingClientRect();
    const value = (one) => clamp((0.5 - (one.clientY - box.top) / box.height) / 0.42, -1, 1);
    // One event a frame comes; the movements it stands for each know their own time.
    for (const one of event.getCoalescedEvents?.() ?? []) this.#trail.move(one.timeStamp, value(one));
    this.#set(value(event), event.pointerType === "touch" ? "touch" : "mouse", event.timeStamp);
  }

  #key(event, down) {
    const code = place(event);
    if (down && (!ours(event) || document.querySelector("dialog[open]") || !this.#active)) return;
    const direction = { ArrowUp: 1, ArrowDown: -1 }[code];
    if (direction && !event.target.matches?.("input[type=radio], input[type=range]")) {
      if (down) {
        event.preventDefault();
        if (event.repeat) return; // our own repeats move, not the system's
        if (this.#device === "keys") this.#follow(event.timeStamp);
        else this.#hand.value = this.#value;
        this.#hand.press(direction, event.timeStamp);
        this.#set(this.#hand.value, "keys", event.timeStamp);
        this.#followed = event.timeStamp;
      } else {
        if (this.#device === "keys") this.#follow(event.timeStamp);
        this.#hand.release(direction, event.timeStamp);
        if (this.#device === "keys") this.#set(this.#hand.value, "keys", event.timeStamp);
      }
      return;
    }
    if (!down || event.repeat || !this.#started) return;
    const act = { KeyR: "back", Escape: "stop" }[code];
    if (act) { event.preventDefault(); this.#act(act); }
  }

  /** What a held key did up to `ms`, in its own small steps. */
  #follow(ms) {
    for (let at = Math.max(this.#followed + REPEAT_MS, ms - OWED_US / 1000); at <= ms; at += REPEAT_MS) this.#trail.move(at, this.#hand.read(at));
    this.#followed = ms;
  }

  #poll() {
    if (!this.#active) return;
    const now = performance.now();
    const pad = [...(navigator.getGamepads?.() ?? [])].find((one) => one?.connected);
    const tilt = pad ? -pad.axes[1] : 0;
    if (Math.abs(tilt) > DEAD_ZONE && this.#polled) this.#set(clamp(this.#value + (tilt * STICK_SPEED * (now - this.#polled)) / 1000, -1, 1), "gamepad");
    this.#polled = now;
    if (this.#device === "keys") {
      this.#follow(now);
      this.#set(this.#hand.read(now), "keys", now);
    }
    if (this.#player?.playing) this.#tick(this.#player.nowUs, false);
  }

  /** The hand moves in −1…1; what is stored is in the question's own range. */
  #scaled(value) {
    const [least, most] = [Number(this.dataset.minimum), Number(this.dataset.maximum)];
    return least === -1 && most === 1 ? value : least + ((value + 1) / 2) * (most - least);
  }

  #set(value, device, ms = performance.now()) {
    this.#value = value;
    this.#trail.move(ms, value);
    if (device !== this.#device || !this.#devices[device]) {
      if (device !== this.#device && this.#started) this.#sampler.changeInput();
      this.#device = device;
      this.#out("device", say(`device.${device}`));
      if (this.#started) this.#log("device", { device, at_us: this.#player.nowUs });
    }
    this.#devices[device] = (this.#devices[device] ?? 0) + 1;
    this.querySelector(".pad").setAttribute("aria-valuenow", this.#scaled(value).toFixed(2));
    this.closest(".work").querySelector('[data-trace-out="stick"]')?.setAttribute("cy", String(32 - 24 * value));
    if (!this.#player?.playing) this.#paper?.hand(value);
  }

  // Time and samples --------------------------------------------------------------------------------------------------

  /** The media stand at `us`. In a `frame`, the browser has handed out what the hand did before it; between frames it may hold some back. */
  #tick(us, frame) {
    if (!this.#active || !this.#player) return;
    if (this.#player.playing) {
      const ms = performance.now();
      const late = this.#reached !== null && us - this.#reached.us > LATE_US;
      if (late && !frame && this.#waited++ < PATIENCE) return;
      this.#waited = 0;
      if (this.#device === "keys") {
        this.#follow(ms);
        this.#value = this.#hand.read(ms);
      }
      this.#catchUp(us, ms);
      this.#keep(us, this.#value, ms);
    }
    this.#paper.to(us - this.#player.startUs, this.#value);
  }

  /** What a late page owes. A stick has no events of its own, so of it nothing is known that was not asked for in time. */
  #catchUp(us, ms, how) {
    if (this.#device === "gamepad") return;
    for (const one of owed(this.#reached, us, ms, how)) this.#keep(one.us, this.#trail.at(one.ms), one.ms);
  }

  #keep(us, value, ms) {
    const sample = this.#sampler.sample(us, value);
    if (!sample) return;
    if (this.#last !== null && !(sample.flags & (FLAG.GAP | FLAG.BACK))) this.#covered.add(this.#last, sample.us);
    this.#last = sample.us;
    this.#reached = { us: sample.us, ms };
    this.#trail.forget(ms);
    this.#paper.add(sample.us - this.#player.startUs, sample.value, (sample.flags & (FLAG.GAP | FLAG.BACK)) !== 0);
  }

  #flush() {
    const chunk = this.#sampler.chunk();
    if (!chunk) return;
    chunk.values = chunk.values.map((value) => this.#scaled(value));
    this.#send("chunk", chunk.sequence, this.dataset.chunk, chunk);
    const kept = { clientId: this.clientId, sequence: chunk.sequence + 1, us: chunk.times_us.at(-1) };
    localStorage.setItem(this.#place, JSON.stringify(kept));
    this.#report();
  }

  #send(kind, number, url, body) {
    const ids = { client_id: this.clientId, assignment_id: this.dataset.assignment, question: this.dataset.question };
    return outbox.put({ lane: this.clientId, kind, number: `${this.dataset.question}/${number}`, url, body: { ...ids, ...body } });
  }

  #kept({ entry, body }) {
    if (entry.lane !== this.clientId || entry.body.question !== this.dataset.question) return;
    if (Number.isFinite(body?.kept_until_us)) this.#keptUs = body.kept_until_us;
    this.#report();
  }

  #report() {
    const player = this.#player;
    const { samples, firstUs, lastUs, largestGapUs } = this.#sampler.stats;
    if (samples > 1) {
      const rate = ((samples - 1) / ((lastUs - firstUs) / 1e6)).toFixed(0);
      this.#out("samples", say("samples", { rate, n: samples }));
      this.#out("gap", say("gap", { ms: Math.ceil(largestGapUs / 1000) }));
      // Cut, never rounded up: "100 %" stands for all of it.
      const share = this.#covered.totalUs / Math.max(1, player.playedUs);
      this.#out("coverage", say("coverage", { percent: Math.min(100, share > 0.995 ? 100 : Math.floor(share * 100)) }));
    }
    if (this.#keptUs === null) return;
    const time = timecode(this.#keptUs - player.startUs, 1);
    const rest = Math.max(0, ((lastUs ?? this.#keptUs) - this.#keptUs) / 1e6).toFixed(1);
    if (!this.complete) this.#out("kept", say("kept-here", { time, rest }));
    this.dispatchEvent(new CustomEvent("trace:kept", { bubbles: true, detail: { text: say("kept-up-to", { time }) } }));
  }

  #act(what) {
    if (!this.#active || !this.#started) return;
    if (what === "stop") {
      this.#log("stop", { at_us: this.#player.nowUs });
      this.#player.pause();
      this.#finish();
      return;
    }
    const player = this.#player;
    const toUs = Math.max(player.startUs, player.nowUs - BACK_US);
    this.#flush();
    this.#log("back", { from_us: player.nowUs, to_us: toUs });
    player.seek(toUs, { why: "rate again", force: true });
    this.#sampler.back(toUs);
    this.#last = this.#reached = null;
    this.#pausedAt = 0;
    this.#paper.cut(toUs - player.startUs);
    this.#paper.to(toUs - player.startUs, this.#value);
  }

  async #finish() {
    if (this.complete) return;
    this.complete = true;
    this.toggleAttribute("data-complete", true);
    this.#flush();
    const used = Object.entries(this.#devices).sort((a, b) => b[1] - a[1]);
    await this.#send("finish", 0, this.dataset.finish, { chunks: this.#sampler.chunks, device: { kind: used[0]?.[0] ?? "none", used: this.#devices, stick_speed: STICK_SPEED, dead_zone: DEAD_ZONE }, events: this.#events });
    localStorage.removeItem(this.#place);
    const player = this.#player;
    const whole = player.nowUs >= player.endUs - 250_000;
    this.#out("kept", whole ? say("rated") : say("rated-part", { time: timecode(player.nowUs - player.startUs, 1) }));
    for (const button of this.closest(".work").querySelectorAll("[data-trace]")) button.setAttribute("aria-disabled", "true");
    // The next dimension is rated in a pass of its own, from the start.
    if (this.closest("form").querySelector("trace-pad:not([data-complete])")) player.seek(player.startUs, { why: "next pass", force: true });
    this.dispatchEvent(new CustomEvent("trace:finished", { bubbles: true }));
  }

  /** What happened beside the samples, for whoever reads the trace later. */
  #log(kind, facts = {}) { this.#events.push({ kind, at: new Date().toISOString(), ...facts }); }

  #out(name, text) {
    for (const place of this.closest(".work").querySelectorAll(`[data-trace-out="${name}"]`)) if (place.textContent !== text) place.textContent = text;
  }
}

customElements.define("trace-pad", TracePad);
