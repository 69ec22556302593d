// <media-player>: every track of an item in one clock.
//
// The markup holds <video> and <audio> with data-offset-us, data-drift-ppb, data-start-us, data-duration-us; one that is heard leads, the
// others follow it by a bent speed or a jump (lib/tracks.js). Times are µs on the recording clock; an item that is a part of a
// recording never leaves [start, end). Buttons anywhere in the workspace act with data-player="play|again|speed|loop|level|…", outputs
// carry data-player-out.
//
// Speaks: player:time {us, playing} on every frame; player:state {state}; player:seek {fromUs, toUs, why}; player:withdrawn.
// Listens: segments:changed {source, spans}, so that keys go from segment to segment and around one; segments:chosen {span}.
// A trace locks the transport: then only play and pause answer.

import { Coverage, clamp, Frames } from "#app/lib/clock.js";
import { factors } from "#app/lib/level.js";
import { say } from "#app/lib/texts.js";
import { timecode } from "#app/lib/timecode.js";
import { leader, Track } from "#app/lib/tracks.js";
import { actOf, around, neighbour, SPEEDS } from "#app/lib/transport.js";

const SECOND = 1_000_000;
const EVEN = "concord-even-loudness";

class MediaPlayer extends HTMLElement {
  #tracks = [];
  #lead = null;
  #abort = null;
  #frame = 0;
  #rate = 1;
  #locked = false;
  #state = "loading";
  #played = new Coverage();
  #from = null; // where the stretch that is playing now began
  #frames = null; // a promise of the frames, once somebody steps
  #gone = false;
  #awaited = new Set(); // media that were still being made when they were asked for
  #segments = new Map();
  #chosen = null;
  #loopSpan = null;
  #sound = null; // an audio graph, only where something must be louder than its file
  #even = localStorage.getItem(EVEN) !== "no";

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#tracks = [...this.querySelectorAll("video, audio")].map((media) => new Track(media));
    this.#lead = leader(this.#tracks, this.startUs) ?? null;
    for (const track of this.#tracks) this.#listen(track, signal);
    const lead = this.#lead?.media;
    if (lead?.readyState >= 1) this.#ready();
    if (lead?.error) this.#failed(lead);
    this.#level();
    const root = this.closest(".work") ?? document;
    root.addEventListener("segments:changed", ({ detail }) => this.#segments.set(detail.source, detail.spans), { signal });
    root.addEventListener("segments:chosen", ({ detail }) => { this.#chosen = detail.span; }, { signal });
    document.addEventListener("keydown", (event) => this.#key(event), { signal });
    document.addEventListener("click", (event) => this.#click(event), { signal });
    document.addEventListener("session:withdrawn", () => this.withdraw(), { signal });
  }

  disconnectedCallback() {
    this.#abort?.abort();
    cancelAnimationFrame(this.#frame);
    for (const track of this.#tracks) track.unload();
    this.#sound?.close();
  }

  #listen(track, signal) {
    const { media } = track;
    const on = (names, what) => names.split(" ").forEach((name) => media.addEventListener(name, () => { if (track === this.#lead) what(); }, { signal }));
    media.addEventListener("error", () => this.#failed(media), { signal });
    on("loadedmetadata", () => this.#ready());
    on("playing", () => this.#enter("playing"));
    on("pause", () => { if (!media.ended) this.#enter(this.#atEnd ? "ended" : "paused"); });
    on("waiting", () => { if (!media.paused) this.#enter("stalled"); });
    on("ended", () => { if (!this.#handOver()) this.#enter("ended"); });
    on("seeked", () => this.#tick());
  }

  get #atEnd() { return this.nowUs >= this.endUs - 20_000; }

  get startUs() { return Number(this.dataset.startUs) || 0; }

  get endUs() {
    if (this.dataset.endUs) return Number(this.dataset.endUs);
    const end = Math.max(...this.#tracks.map((track) => track.toUs));
    return Number.isFinite(end) ? end : this.startUs + (Number(this.dataset.durationUs) || 0);
  }

  get nowUs() { return this.#lead ? clamp(this.#lead.nowUs, this.startUs, this.endUs) : this.startUs; }

  get playing() { return this.#state === "playing"; }

  get state() { return this.#state; }

  get rate() { return this.#rate; }

  get volume() { return this.#lead?.media.volume ?? 0; }

  get muted() { return this.#tracks.every(({ media }) => media.muted || media.volume === 0); }

  get hasSound() { return this.#tracks.some((track) => track.heard); }

  get hasPicture() { return this.#tracks.some((track) => track.picture); }

  /** Is what is heard brought to one loudness? */
  get even() { return this.#even; }

  /** How much of the item was played at least once, µs. */
  get playedUs() {
    const seen = new Coverage();
    for (const [from, to] of this.#played.spans) seen.add(from, to);
    if (this.#from !== null) seen.add(this.#from, this.nowUs);
    return Math.round(seen.totalUs);
  }

  get locked() { return this.#locked; }

  /** Only play and pause are left to the person; speed is 1. */
  set locked(on) {
    this.#locked = on;
    if (on) {
      this.#speed(1);
      this.#loopSpan = null;
    }
    const root = this.closest(".work") ?? document;
    for (const form of root.querySelectorAll("time-line, transcript-lines")) form.toggleAttribute("data-locked", on);
    for (const act of root.querySelectorAll("[data-player]:not([data-player=play], [data-player=level])")) act.setAttribute("aria-disabled", String(on));
  }

  async play() {
    if (!this.#lead || this.#gone) return;
    if (this.#atEnd || this.#state === "ended") this.seek(this.startUs, { why: "again", force: true });
    this.#sound?.resume();
    const us = this.nowUs;
    const failed = (media) => this.#failed(media);
    // All begin in one go; waiting for the leader's answer would leave the others behind from the start.
    const began = this.#lead.play(failed);
    for (const track of this.#others) if (track.covers(us)) track.play(failed);
    await began;
  }

  get #others() { return this.#tracks.filter((track) => track !== this.#lead); }

  pause() { for (const { media } of this.#tracks) media.pause(); }

  toggle() { if (this.#lead?.media.paused) this.play(); else this.pause(); }

  /** Go to a recording time; within the item; not while locked unless `force` (a trace going back). */
  seek(us, { why = "seek", force = false } = {}) {
    if (!this.#lead || (this.#locked && !force)) return;
    const fromUs = this.nowUs;
    const toUs = clamp(Math.round(us), this.startUs, this.endUs);
    this.#close();
    const moving = this.#state === "playing" || this.#state === "stalled";
    this.#take(leader(this.#tracks, toUs), moving);
    for (const track of this.#tracks) track.go(toUs);
    if (this.#loopSpan && (toUs < this.#loopSpan[0] || toUs >= this.#loopSpan[1])) this.#around(null);
    if (this.#state === "playing") this.#from = toUs;
    if (this.#state === "ended" && toUs < this.endUs - 20_000) this.#enter("paused");
    this.#say("player:seek", { fromUs, toUs, why });
    this.#say("player:time", { us: toUs, playing: false });
    this.#show();
  }

  /** One frame on or back, by the recording's own frame times. */
  async step(direction) {
    const film = this.#tracks.find((track) => track.picture && track.covers(this.nowUs)) ?? this.#tracks.find((track) => track.picture);
    if (this.#locked || !film) return;
    this.pause();
    this.#frames ??= this.#loadFrames(film);
    const frames = await this.#frames; // steps asked for meanwhile wait in turn
    this.seek(film.step(frames, this.nowUs, direction), { why: "frame" });
  }

  /** Play the chosen segment, the one around here, or the last two seconds, again and again; the same again ends it. */
  loop() {
    if (this.#locked) return;
    const now = this.nowUs;
    const span = this.#chosen ?? around([...this.#segments.values()].flat(), now) ?? [Math.max(this.startUs, now - 2 * SECOND), Math.max(now, this.startUs + SECOND)];
    this.#around(this.#loopSpan ? null : [Math.max(span[0], this.startUs), Math.min(span[1], this.endUs)]);
    if (!this.#loopSpan) return;
    if (now < this.#loopSpan[0] || now >= this.#loopSpan[1] - 20_000) this.seek(this.#loopSpan[0], { why: "loop" });
    this.play();
  }

  /** A participant stopped: nothing of it may be heard or seen any longer. */
  withdraw() {
    if (this.#gone) return;
    this.#gone = true;
    for (const track of this.#tracks) track.unload();
    this.#enter("gone");
  }

  #ready() {
    if (this.startUs > 0 && this.nowUs <= this.startUs) for (const track of this.#tracks) track.go(this.startUs);
    if (this.#state === "loading") this.#enter("ready");
    this.#show();
  }

  #enter(state) {
    if (this.#state === state || (this.#gone && state !== "gone")) return;
    if (this.#state === "playing") this.#close();
    this.#state = state;
    if (state === "playing") this.#from = this.nowUs;
    else for (const { media } of this.#others) media.pause();
    this.#say("player:state", { state });
    const root = this.closest(".work") ?? document;
    const moving = state === "playing" || state === "stalled";
    for (const button of root.querySelectorAll('[data-player="play"]')) button.dataset.playing = String(moving);
    cancelAnimationFrame(this.#frame);
    if (state === "playing") this.#loop(); else this.#tick();
  }

  /** The leader has come to its end, and another track goes on: that one leads from here. */
  #handOver() {
    const us = Math.max(this.nowUs, Math.min(this.#lead.toUs, this.endUs));
    if (us >= this.endUs - 20_000) return false;
    const next = leader(this.#others.filter((track) => track.covers(us)), us);
    if (!next) return false;
    const left = this.#lead;
    this.#take(next, true);
    left.media.toggleAttribute("data-out", true);
    return true;
  }

  #take(track, moving) {
    if (!track || track === this.#lead) return;
    const left = this.#lead;
    this.#lead = track;
    track.media.toggleAttribute("data-out", false);
    track.media.playbackRate = this.#rate;
    if (moving && track.media.paused) track.play((media) => this.#failed(media));
    if (!left.media.paused) left.follower.forget();
  }

  #close() {
    if (this.#from !== null) this.#played.add(this.#from, this.nowUs);
    this.#from = null;
  }

  #loop() {
    this.#frame = requestAnimationFrame(() => { this.#tick(); if (this.#state === "playing") this.#loop(); });
  }

  #tick() {
    const us = this.nowUs;
    if (this.#state === "playing") {
      if (us >= this.endUs && this.dataset.endUs) { this.pause(); this.#enter("ended"); return; }
      if (this.#loopSpan && us >= this.#loopSpan[1]) { this.seek(this.#loopSpan[0], { why: "loop" }); return; }
      for (const track of this.#others) track.follow(this.#lead, us, this.#rate, (media) => this.#failed(media));
    } else {
      for (const track of this.#tracks) track.media.toggleAttribute("data-out", !track.covers(Math.min(us, this.endUs - 40_000)));
    }
    this.#say("player:time", { us, playing: this.#state === "playing" });
    this.#show();
  }

  #speed(rate) {
    this.#rate = rate;
    for (const { media } of this.#tracks) media.playbackRate = rate;
    this.#out("rate", rate.toLocaleString(document.documentElement.lang, { minimumFractionDigits: 1 }));
  }

  /** Bring what is heard to one loudness, or leave it as it was recorded. Only what must be louder than its file goes through a graph. */
  #level() {
    const heard = this.#tracks.filter((track) => track.heard);
    const gains = factors(heard, { even: this.#even });
    for (const [i, track] of heard.entries()) {
      if (gains[i] > 1) {
        this.#sound ??= new AudioContext();
        track.through(this.#sound);
      }
      track.loudness = gains[i];
    }
    const root = this.closest(".work") ?? document;
    for (const button of root.querySelectorAll('[data-player="level"]')) button.setAttribute("aria-pressed", String(this.#even));
  }

  #around(span) {
    this.#loopSpan = span;
    const root = this.closest(".work") ?? document;
    for (const button of root.querySelectorAll('[data-player="loop"]')) button.setAttribute("aria-pressed", String(Boolean(span)));
    this.#say("player:loop", { span });
  }

  #show() { this.#out("time", timecode(this.nowUs - this.startUs)); }

  #out(name, text) {
    for (const out of document.querySelectorAll(`[data-player-out="${name}"]`)) if (out.textContent !== text) out.textContent = text;
  }

  #click(event) {
    const act = event.target.closest?.("[data-player]");
    if (act && act.getAttribute("aria-disabled") !== "true") this.#act(act.dataset.player);
  }

  #key(event) {
    if (document.querySelector("dialog[open]")) return;
    const act = actOf(event);
    if (!act) return;
    event.preventDefault();
    if (!event.repeat || !["play", "loop", "level"].includes(act)) this.#act(act);
  }

  #act(act) {
    if (this.#locked && act !== "play" && act !== "level") return;
    const now = this.nowUs;
    const turn = (by) => this.#speed(SPEEDS[(SPEEDS.indexOf(this.#rate) + by + SPEEDS.length) % SPEEDS.length]);
    const segment = (direction) => {
      const us = neighbour([...this.#segments.values()].flat(), now, direction);
      if (us !== undefined || direction < 0) this.seek(us ?? this.startUs, { why: "segment" });
    };
    const acts = {
      play: () => this.toggle(),
      back: () => this.seek(now - SECOND),
      on: () => this.seek(now + SECOND),
      "frame-back": () => this.step(-1),
      "frame-on": () => this.step(1),
      "segment-back": () => segment(-1),
      "segment-on": () => segment(1),
      again: () => { this.seek(now - 2 * SECOND, { why: "again" }); this.play(); },
      loop: () => this.loop(),
      speed: () => turn(1),
      slower: () => turn(-1),
      level: () => {
        this.#even = !this.#even;
        localStorage.setItem(EVEN, this.#even ? "yes" : "no");
        this.#level();
        this.#sound?.resume();
      },
    };
    acts[act]?.();
  }

  /** Frame times stand in the attribute (µs on the track's clock), or at the address that stands there; else the rate is constant. */
  async #loadFrames({ frames, startUs, rate }) {
    const even = new Frames({ startUs, rate: rate?.[0] ? rate : undefined });
    if (!frames) return even;
    if (/^-?\d/.test(frames)) return new Frames({ times: frames.split(" ").map(Number), startUs, rate: rate ?? undefined });
    try {
      const reply = await fetch(frames, { headers: { Accept: "application/json" } });
      const times = reply.ok ? await reply.json() : [];
      if (times.length) return new Frames({ times, startUs, rate: rate ?? undefined });
    } catch (error) {
      console.warn("frame times:", error.message); // stepping by length still works
    }
    return even;
  }

  async #failed(media) {
    if (this.#gone || !media.getAttribute("src")) return;
    // The element does not tell a stop from a broken file, or from one that is still being made; the server does.
    let text = say("media.unreadable");
    try {
      const reply = await fetch(media.getAttribute("src"), { headers: { Range: "bytes=0-0" }, cache: "no-store" });
      if (reply.status === 404 || reply.status === 410) {
        this.#say("player:withdrawn", {});
        document.dispatchEvent(new CustomEvent("session:withdrawn"));
        return;
      }
      if (reply.status === 503) { this.#wait(media, Number(reply.headers.get("Retry-After")) || 5); return; }
      // Between the two questions it may have come to be there.
      if (reply.ok && this.#awaited.delete(media)) { this.#wait(media, 0); this.#awaited.delete(media); return; }
    } catch {
      text = say("media.unreachable");
    }
    this.pause();
    this.#enter("error");
    this.#problem(text);
  }

  /** What the campaign shows of this recording is still being made: asked for again until it is there. */
  #wait(media, seconds) {
    this.#awaited.add(media);
    this.#problem(say("media.preparing"), { title: say("media.preparing.title") });
    setTimeout(() => {
      if (this.#abort.signal.aborted || this.#gone) return;
      const there = () => { this.#problem(""); this.#ready(); };
      media.addEventListener("loadedmetadata", there, { once: true, signal: this.#abort.signal });
      media.load();
    }, seconds * 1000);
  }

  #problem(text, { title = say("media.problem.title") } = {}) {
    const box = this.querySelector("[data-player-problem]");
    if (!box) return;
    box.querySelector("[data-player-problem-title]").textContent = title;
    box.querySelector("[data-player-problem-text]").textContent = text;
    box.hidden = !text;
  }

  #say(name, detail) { this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail })); }
}

customElements.define("media-player", MediaPlayer);
