// <trace-pad>: rating while it plays. The hand moves a value, or a point on two axes, by whatever the rig offers and the scheme allows;
// the player gives the time, the sampler keeps both; every second a chunk goes to the outbox and the page says up to where the server has it.
//
// One sample is kept for each presented frame of a picture, and one every ten milliseconds of a sound. The transport is locked,
// leaving the window pauses, "back 10 s" replaces what it goes over and is logged. A trace left unfinished is taken up where it
// stopped, after ten seconds of it have been played again; the seam is declared. A page that comes late to a frame makes up what it
// owes from the times of the hand's events. What the scheme demands of coverage is asked for before a trace is called finished.
// Speaks: trace:kept {text}, trace:finished.

import { Coverage, fromElement } from "#app/lib/clock.js";
import { Lateness } from "#app/lib/hands.js";
import { ours, place } from "#app/lib/keys.js";
import { Paper } from "#app/lib/paper.js";
import { Plane } from "#app/lib/plane.js";
import { remember, Rig } from "#app/lib/rig.js";
import { outbox } from "#app/lib/sending.js";
import { say } from "#app/lib/texts.js";
import { timecode } from "#app/lib/timecode.js";
import { earlier, FLAG, LATE_US, owed, REPLAY_US, Sampler, SOUND_US } from "#app/lib/trace.js";

const PATIENCE = 12;     // polls that a late page waits for the frame that brings the hand's movements
const CHUNK_MS = 1000;
const POLL_MS = 8;       // how often a stick is asked
const BACK_US = 10_000_000;
const NO_FRAME_MS = 250; // a picture that is not drawn gives no frames: then the sound's clock counts
const START_US = 100_000; // playing that begins so near to the start begins with the picture that stood there
const EDGE_US = 500_000;

class TracePad extends HTMLElement {
  #abort = null;
  #player = null;
  #paper = null;
  #rig = null;
  #sampler = new Sampler();
  #reached = null; // the last sample of this stretch of play: {us, ms}
  #waited = 0;
  #events = [];
  #covered = new Coverage();
  #steps = new Lateness();
  #last = null;
  #keptUs = null;
  #timers = [];
  #polls = 0;
  #pausedAt = 0;
  #resumeUs = null;
  #started = false;
  #lacking = ""; // what is still to be rated, said until it plays again
  #frame = { ms: -Infinity, us: 40_000, presented: 0, missed: 0, before: null };
  #counts = { pauses: 0, stalls: 0, focus_losses: 0 };
  complete = false;
  clientId = "";

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const root = this.closest(".work");
    this.#player = root.querySelector("media-player");
    this.clientId = this.#form.elements.client_id.value;
    const shape = { past: this.dataset.past !== "hidden", bounded: this.#bounded };
    const svg = this.querySelector(".pad > svg");
    this.#paper = this.#axes === 1 ? new Paper(svg, shape) : new Plane(svg, shape);
    this.#rig = new Rig({
      pad: this.querySelector(".pad"), axes: this.#axes, bounded: this.#bounded, allowed: this.dataset.devices?.split(" ").filter(Boolean) ?? [],
      active: () => this.#active, on: { moved: (device, before) => this.#moved(device, before), refused: () => this.#refused() }, signal,
    });
    this.#sampler = this.#fresh();
    this.#resume();
    root.addEventListener("player:time", (event) => this.#tick(event.detail.us, true), { signal });
    root.addEventListener("player:state", (event) => this.#entered(event.detail.state), { signal });
    addEventListener("blur", () => this.#leave("blur"), { signal });
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.#leave("hidden"); }, { signal });
    addEventListener("pagehide", () => this.#flush(), { signal });
    document.addEventListener("keydown", (event) => this.#key(event), { signal });
    for (const kind of ["gamepadconnected", "gamepaddisconnected"]) addEventListener(kind, () => this.#plugged(kind), { signal });
    root.addEventListener("change", (event) => { if (event.target.closest("[data-stick]")) this.#settings(); }, { signal });
    root.addEventListener("click", (event) => {
      const act = event.target.closest?.("[data-trace]");
      if (act?.getAttribute("aria-disabled") === "false") this.#act(act.dataset.trace);
    }, { signal });
    outbox.addEventListener("outbox:acknowledged", (event) => this.#kept(event.detail), { signal });
    this.#timers = [setInterval(() => this.#flush(), CHUNK_MS), setInterval(() => this.#poll(), POLL_MS)];
    this.#showSettings();
    customElements.whenDefined("media-player").then(() => {
      if (signal.aborted) return;
      this.#player.locked = true;
      this.#watch(this.#player.querySelector("video"), signal);
      this.#entered(this.#player.state);
    });
  }

  disconnectedCallback() {
    this.#abort?.abort();
    this.#timers.forEach(clearInterval);
    this.#flush();
  }

  get #form() { return this.closest("form"); }

  get #place() { return `concord-trace/${this.dataset.assignment}/${this.dataset.question}`; }

  get #axes() { return Number(this.dataset.axes) || 1; }

  get #bounded() { return this.dataset.bounded !== "false"; }

  /** Several traces of an item are rated one after the other. */
  get #active() { return !this.complete && this.closest("form").querySelector("trace-pad:not([data-complete])") === this; }

  #fresh(how = {}) {
    return new Sampler({ bounded: this.#bounded, maxGapUs: Number(this.dataset.longestStepUs) || undefined, ...how });
  }

  // Taking a trace up again -------------------------------------------------------------------------------------------

  /** What this browser remembers counts at once; then the server says what it has, and of a trace begun elsewhere it alone knows. */
  async #resume() {
    const kept = JSON.parse(localStorage.getItem(this.#place) ?? "null");
    if (kept) this.#takeUp(kept);
    await outbox.opened;
    // Taken before the server is asked: what leaves the outbox meanwhile is in one list or the other.
    const waiting = outbox.entries.filter((one) => one.lane === kept?.clientId && one.kind === "chunk" && one.body.question === this.dataset.question);
    const asked = new URLSearchParams({ question: this.dataset.question, ...(kept ? { client_id: kept.clientId } : {}) });
    let has;
    try {
      const reply = await fetch(`${this.dataset.chunk}?${asked}`, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (!reply.ok) return;
      has = await reply.json();
    } catch {
      return; // no connection: what this browser knows has to do
    }
    if (this.#abort.signal.aborted || this.#started !== Boolean(kept)) return;
    const found = earlier(kept, has, waiting.map((one) => one.body));
    if (found === kept) return;
    if (found) this.#takeUp(found);
    else this.#anew();
  }

  #takeUp({ clientId, sequence, us, value, spans }) {
    this.clientId = clientId;
    for (const field of document.querySelectorAll("#work input[name=client_id]")) field.value = clientId;
    this.#sampler = this.#fresh({ sequence, lastUs: us, resumed: true });
    this.#resumeUs = us;
    this.#started = true;
    for (const [from, to] of spans ?? [[this.#player.startUs ?? 0, us]]) this.#covered.add(from, to);
    if (value !== undefined) this.#rig.put(value, performance.now());
    this.#log("resumed", { at_us: us, replay_us: REPLAY_US });
    this.#out("kept", say("resume", { time: timecode(us - (Number(this.#player.dataset.startUs) || 0), 1), n: REPLAY_US / 1e6 }));
    if (this.#player.state) this.#entered(this.#player.state);
  }

  /** Some of the trace is neither here nor there: it begins again, and the page says so. */
  #anew() {
    localStorage.removeItem(this.#place);
    this.clientId = crypto.randomUUID();
    for (const field of document.querySelectorAll("#work input[name=client_id]")) field.value = this.clientId;
    [this.#sampler, this.#covered, this.#resumeUs, this.#started] = [this.#fresh(), new Coverage(), null, false];
    this.#player.seek?.(this.#player.startUs, { why: "anew", force: true });
    this.#log("anew");
    this.#out("kept", say("anew"));
  }

  // Play --------------------------------------------------------------------------------------------------------------

  #entered(state) {
    if (!this.#active) return;
    const player = this.#player;
    if (this.#resumeUs !== null && ["ready", "paused", "playing"].includes(state)) {
      const toUs = Math.max(player.startUs, this.#resumeUs - REPLAY_US);
      this.#resumeUs = null;
      player.seek(toUs, { why: "resume", force: true });
    }
    if (state === "playing") {
      if (this.#pausedAt) this.#paper.mark(player.nowUs - player.startUs, say("paused", { n: Math.round((performance.now() - this.#pausedAt) / 1000) }));
      this.#pausedAt = 0;
      this.#lacking = "";
      if (this.#player.querySelector("video")?.requestVideoFrameCallback) this.#frame.ms = performance.now(); // its first frame is about to come
      this.#log("play", { at_us: player.nowUs });
      if (!this.#started && player.nowUs - player.startUs < START_US) this.#keep(player.startUs, this.#rig.value, performance.now());
      this.#started = true;
    }
    if (this.#started && (state === "paused" || state === "stalled")) {
      this.#sampler.interrupt();
      this.#counts[state === "stalled" ? "stalls" : "pauses"] += 1;
      this.#log(state === "stalled" ? "stall" : "pause", { at_us: player.nowUs });
      this.#pausedAt = performance.now();
      this.#flush();
    }
    if (state !== "playing") {
      if (state === "ended") this.#catchUp(player.nowUs, performance.now(), { ended: true });
      this.#reached = null;
      this.#frame.before = null;
    }
    if (state === "ended" && this.#started) this.#finish();
    this.#acts(this.#started && !this.complete);
    this.#paper.to(player.nowUs - player.startUs, this.#rig.value);
  }

  #leave(why) {
    if (!this.#active || !this.#player?.playing) return;
    this.#counts.focus_losses += 1;
    this.#log(why, { at_us: this.#player.nowUs });
    this.#player.pause();
  }

  // The hand ----------------------------------------------------------------------------------------------------------

  #moved(device, before) {
    if (device !== before) {
      if (before && this.#started) this.#sampler.changeInput();
      this.#out("device", say(`device.${device}`));
      if (this.#started) this.#log("device", { device, at_us: this.#player.nowUs });
    }
    this.#show();
    if (!this.#player?.playing) this.#paper?.hand(this.#rig.value);
  }

  #refused() { this.#out("device", say("device.refused", { devices: this.dataset.devices.split(" ").map((one) => say(`device.${one}`)).join(", ") })); }

  #show() {
    const stored = [this.#scaled(this.#rig.value)].flat();
    const pad = this.querySelector(".pad");
    if (stored.length === 1) pad.setAttribute("aria-valuenow", stored[0].toFixed(2));
    else pad.setAttribute("aria-description", stored.map((one) => one.toFixed(2)).join(", "));
    const dot = this.closest(".work").querySelector('[data-trace-out="stick"]');
    const shown = [this.#rig.value].flat().map((one) => Math.max(-1, Math.min(1, one)));
    dot?.setAttribute("cy", String(32 - 24 * shown.at(-1)));
    if (shown.length > 1) dot?.setAttribute("cx", String(32 + 24 * shown[0]));
  }

  #key(event) {
    if (event.repeat || !this.#started || !this.#active || !ours(event) || document.querySelector("dialog[open]")) return;
    const act = { KeyR: "back", Escape: "stop" }[place(event)];
    if (act) { event.preventDefault(); this.#act(act); }
  }

  #poll() {
    if (!this.#active) return;
    const playing = this.#player?.playing;
    if (!playing && this.#polls++ % 4) return; // nobody rates: ask less
    const held = this.#rig.value;
    this.#rig.poll(performance.now());
    if (playing) this.#tick(this.#player.nowUs, false);
    else if (String(held) !== String(this.#rig.value)) { this.#show(); this.#paper.hand(this.#rig.value); }
  }

  #plugged(kind) { if (this.#started) this.#log(kind === "gamepadconnected" ? "plugged" : "unplugged", { at_us: this.#player.nowUs }); }

  #settings() {
    const field = (name) => document.querySelector(`[data-stick] [name="${name}"]${name === "mode" ? ":checked" : ""}`)?.value;
    this.#rig.settings = remember({ mode: field("mode"), gain: Number(field("gain")), deadZone: Number(field("deadZone")) });
    if (this.#started) this.#log("stick", { mode: this.#rig.settings.mode, gain: this.#rig.settings.gain, dead_zone: this.#rig.settings.deadZone });
  }

  #showSettings() {
    const { mode, gain, deadZone } = this.#rig.settings;
    for (const input of document.querySelectorAll("[data-stick] [name=mode]")) input.checked = input.value === mode;
    for (const [name, value] of Object.entries({ gain, deadZone })) for (const input of document.querySelectorAll(`[data-stick] [name=${name}]`)) input.value = value;
  }

  /** The hand moves in −1…1; what is stored is in each axis' own range. An axis without ends is stored as it is. */
  #scaled(value) {
    if (!this.#bounded) return value;
    const ends = [[this.dataset.minimum, this.dataset.maximum], [this.dataset.minimum2, this.dataset.maximum2]].map(([low, high]) => [Number(low ?? -1), Number(high ?? 1)]);
    const one = (part, [least, most]) => (least === -1 && most === 1 ? part : least + ((part + 1) / 2) * (most - least));
    return Array.isArray(value) ? value.map((part, axis) => one(part, ends[axis])) : one(value, ends[0]);
  }

  // Time and samples --------------------------------------------------------------------------------------------------

  /** Every frame of the picture that is presented is told by the browser, with its place in the media. */
  #watch(video, signal) {
    if (!video?.requestVideoFrameCallback) return;
    const track = { offsetUs: Number(video.dataset.offsetUs) || 0, driftPpb: Number(video.dataset.driftPpb) || 0, startUs: Number(video.dataset.startUs) || 0 };
    const seen = (ms, data) => {
      if (signal.aborted) return;
      video.requestVideoFrameCallback(seen);
      this.#presented(fromElement(data.mediaTime, track), ms, data.presentedFrames);
    };
    video.requestVideoFrameCallback(seen);
  }

  #presented(us, ms, count) {
    const { before } = this.#frame;
    this.#frame.ms = performance.now();
    if (!this.#player.playing || !this.#active) { this.#frame.before = null; return; }
    if (before) {
      this.#frame.presented += count - before.count;
      this.#frame.missed += Math.max(0, count - before.count - 1);
      if (count - before.count === 1 && us - before.us > 5000) this.#frame.us = Math.min(this.#frame.us, us - before.us);
    }
    this.#frame.before = { us, count };
    if (us < this.#player.startUs || us > this.#player.endUs) return;
    this.#sampleAt(us, ms);
  }

  /** The media stand at `us`. In a `frame` of the page, the browser has handed out what the hand did before it; between, it may hold some back. */
  #tick(us, frame) {
    if (!this.#active || !this.#player) return;
    if (this.#player.playing && performance.now() - this.#frame.ms > NO_FRAME_MS) {
      const late = this.#reached !== null && us - this.#reached.us > LATE_US;
      if (frame || (late && this.#waited++ >= PATIENCE)) this.#sampleAt(us, performance.now());
    }
    if (frame) this.#paper.to(us - this.#player.startUs, this.#rig.settle(performance.now()));
  }

  #sampleAt(us, ms) {
    this.#waited = 0;
    this.#rig.settle(ms);
    this.#catchUp(us, ms);
    this.#keep(us, this.#rig.value, ms);
  }

  /** What a late page owes: of a picture a sample a frame, of a sound one every ten milliseconds. Nothing where the hand is unknown. */
  #catchUp(us, ms, how = {}) {
    const drawn = performance.now() - this.#frame.ms <= NO_FRAME_MS;
    const pace = drawn ? { lateUs: Math.max(50_000, 1.5 * this.#frame.us), stepUs: this.#frame.us } : { lateUs: SOUND_US, stepUs: SOUND_US };
    for (const one of owed(this.#reached, us, ms, { ...pace, ...how })) if (this.#rig.known(one.ms)) this.#keep(one.us, this.#rig.trail.at(one.ms), one.ms);
  }

  #keep(us, value, ms) {
    const sample = this.#sampler.sample(us, value, ms);
    if (!sample) return;
    const apart = (sample.flags & (FLAG.GAP | FLAG.BACK)) !== 0;
    if (this.#last !== null && !apart) {
      this.#covered.add(this.#last, sample.us);
      this.#steps.add((sample.us - this.#last) / 1000);
    }
    this.#last = sample.us;
    this.#reached = { us: sample.us, ms };
    this.#rig.forget(ms);
    this.#paper.add(sample.us - this.#player.startUs, sample.value, apart);
  }

  #flush() {
    const chunk = this.#sampler.chunk();
    if (!chunk) return;
    chunk.values = chunk.values.map((value) => this.#scaled(value));
    this.#send("chunk", chunk.sequence, this.dataset.chunk, chunk);
    const kept = { clientId: this.clientId, sequence: chunk.sequence + 1, us: chunk.times_us.at(-1), value: this.#rig.value, spans: this.#covered.spans };
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
    if (body?.lacks?.length) this.#out("kept", body.lacks.join(" "));
  }

  #report() {
    const player = this.#player;
    const { samples, firstUs, lastUs, largestGapUs } = this.#sampler.stats;
    if (samples > 1) {
      const rate = ((samples - 1) / ((lastUs - firstUs) / 1e6)).toFixed(0);
      this.#out("samples", say("samples", { rate, n: samples }));
      this.#out("gap", say("gap", { ms: Math.ceil(largestGapUs / 1000) }));
      const { p50 } = this.#rig.evidence.input_ms;
      if (p50 !== null) this.#out("delay", say("gap", { ms: p50 }));
      // Cut, never rounded up: "100 %" stands for all of it.
      const share = this.#covered.totalUs / Math.max(1, player.playedUs);
      this.#out("coverage", say("coverage", { percent: Math.min(100, share > 0.995 ? 100 : Math.floor(share * 100)) }));
    }
    if (this.#keptUs === null) return;
    const time = timecode(this.#keptUs - player.startUs, 1);
    const rest = Math.max(0, ((lastUs ?? this.#keptUs) - this.#keptUs) / 1e6).toFixed(1);
    if (!this.complete) this.#out("kept", this.#lacking || say("kept-here", { time, rest }));
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
    this.#last = this.#reached = this.#frame.before = null;
    this.#pausedAt = 0;
    this.#paper.cut(toUs - player.startUs);
    this.#paper.to(toUs - player.startUs, this.#rig.value);
  }

  /** What the scheme demands and is not there yet, in a sentence; nothing when all is well. */
  #lack() {
    const [share, whole, player] = [Number(this.dataset.coverage) || 0, this.dataset.noGap === "true", this.#player];
    if (!share && !whole) return "";
    const spans = this.#covered.spans;
    let reach = player.startUs;
    for (const [from, to] of [...spans, [player.endUs, player.endUs]]) {
      if (whole && from - reach > EDGE_US) return say("lacks.gap", { from: timecode(reach - player.startUs, 1), to: timecode(from - player.startUs, 1) });
      reach = Math.max(reach, to);
    }
    const had = (this.#covered.totalUs + 2 * this.#frame.us) / Math.max(1, player.endUs - player.startUs);
    return had < share ? say("lacks.coverage", { had: Math.floor(had * 100), wanted: Math.ceil(share * 100) }) : "";
  }

  get #evidence() {
    const quality = this.#player.querySelector("video")?.getVideoPlaybackQuality?.();
    const { samples, firstUs, lastUs, largestGapUs } = this.#sampler.stats;
    return {
      ...this.#rig.evidence,
      rate_hz: samples > 1 ? Math.round(((samples - 1) / ((lastUs - firstUs) / 1e6)) * 10) / 10 : 0,
      step_ms: { p50: this.#steps.at(0.5), p99: this.#steps.at(0.99) },
      largest_gap_us: largestGapUs,
      frames: { presented: this.#frame.presented, missed: this.#frame.missed, dropped: quality?.droppedVideoFrames ?? 0 },
      ...this.#counts,
      past: this.dataset.past ?? "shown",
    };
  }

  async #finish() {
    if (this.complete) return;
    const lack = this.#lack();
    if (lack) {
      this.#flush();
      this.#log("lacks", { at_us: this.#player.nowUs });
      this.#lacking = lack;
      this.#out("kept", lack);
      return;
    }
    this.complete = true;
    this.toggleAttribute("data-complete", true);
    this.#flush();
    await this.#send("finish", 0, this.dataset.finish, { chunks: this.#sampler.chunks, device: this.#evidence, events: this.#events });
    localStorage.removeItem(this.#place);
    const player = this.#player;
    const whole = player.nowUs >= player.endUs - 250_000;
    this.#out("kept", whole ? say("rated") : say("rated-part", { time: timecode(player.nowUs - player.startUs, 1) }));
    this.#acts(false);
    // The next dimension is rated in a pass of its own, from the start.
    if (this.closest("form").querySelector("trace-pad:not([data-complete])")) player.seek(player.startUs, { why: "next pass", force: true });
    this.dispatchEvent(new CustomEvent("trace:finished", { bubbles: true }));
  }

  #acts(on) { for (const button of this.closest(".work").querySelectorAll("[data-trace]")) button.setAttribute("aria-disabled", String(!on)); }

  /** What happened beside the samples, for whoever reads the trace later. */
  #log(kind, facts = {}) { this.#events.push({ kind, at: new Date().toISOString(), ...facts }); }

  #out(name, text) {
    for (const place of this.closest(".work").querySelectorAll(`[data-trace-out="${name}"]`)) if (place.textContent !== text) place.textContent = text;
  }
}

customElements.define("trace-pad", TracePad);
