// <media-player>: every track of an item in one clock.
//
// The markup holds <video> and <audio> with data-offset-us, data-drift-ppb, data-start-us; the first one that is heard leads, the
// others follow it by a bent speed or a jump. Times are µs on the recording clock; an item that is a part of a recording never
// leaves [start, end). Buttons anywhere in the workspace act with data-player="play|again|speed", outputs carry data-player-out.
//
// Speaks: player:time {us, playing} on every frame; player:state {state}; player:seek {fromUs, toUs, why}; player:withdrawn.
// A trace locks the transport: then only play and pause answer.

import { correction, Coverage, clamp, fromElement, toElement } from "#app/lib/clock.js";
import { activates, ours, place } from "#app/lib/keys.js";
import { say } from "#app/lib/texts.js";
import { timecode } from "#app/lib/timecode.js";

const SPEEDS = [1, 1.5, 2, 0.5, 0.75];
const SECOND = 1_000_000;

class MediaPlayer extends HTMLElement {
  #tracks = [];
  #abort = null;
  #frame = 0;
  #rate = 1;
  #locked = false;
  #state = "loading";
  #played = new Coverage();
  #from = null; // where the stretch that is playing now began
  #frames = null; // a promise of the frame times, once somebody steps
  #frameUs = 40_000;
  #gone = false;

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#tracks = [...this.querySelectorAll("video, audio")].map((media) => ({
      media,
      offsetUs: Number(media.dataset.offsetUs) || 0,
      driftPpb: Number(media.dataset.driftPpb) || 0,
      startUs: Number(media.dataset.startUs) || 0,
    }));
    // The leader is the one that is heard: a jump of sound is noticed, a jump of picture hardly.
    this.#tracks.sort((a, b) => a.media.muted - b.media.muted);
    for (const { media } of this.#tracks) {
      media.controls = false;
      media.preservesPitch = true;
      media.addEventListener("error", () => this.#failed(media), { signal });
    }
    const lead = this.#lead?.media;
    if (lead) {
      const on = (names, what) => names.split(" ").forEach((name) => lead.addEventListener(name, what, { signal }));
      on("loadedmetadata", () => this.#ready());
      on("playing", () => this.#enter("playing"));
      on("pause", () => this.#enter(this.#atEnd ? "ended" : "paused"));
      on("waiting", () => { if (!lead.paused) this.#enter("stalled"); });
      on("ended", () => this.#enter("ended"));
      on("seeked", () => this.#tick());
      if (lead.readyState >= 1) this.#ready();
      if (lead.error) this.#failed(lead);
      this.#learnFrames(lead);
    }
    document.addEventListener("keydown", (event) => this.#key(event), { signal });
    document.addEventListener("click", (event) => this.#click(event), { signal });
    document.addEventListener("session:withdrawn", () => this.withdraw(), { signal });
  }

  disconnectedCallback() {
    this.#abort?.abort();
    cancelAnimationFrame(this.#frame);
    for (const { media } of this.#tracks) this.#unload(media);
  }

  get #lead() { return this.#tracks[0]; }

  get #atEnd() { return this.nowUs >= this.endUs - 20_000; }

  get startUs() { return Number(this.dataset.startUs) || 0; }

  get endUs() {
    if (this.dataset.endUs) return Number(this.dataset.endUs);
    const seconds = this.#lead?.media.duration;
    return Number.isFinite(seconds) ? fromElement(seconds, this.#lead) : this.startUs + (Number(this.dataset.durationUs) || 0);
  }

  get nowUs() { return this.#lead ? clamp(fromElement(this.#lead.media.currentTime, this.#lead), this.startUs, this.endUs) : this.startUs; }

  get playing() { return this.#state === "playing"; }

  get state() { return this.#state; }

  get rate() { return this.#rate; }

  get volume() { return this.#lead?.media.volume ?? 0; }

  get muted() { return this.#tracks.every(({ media }) => media.muted || media.volume === 0); }

  get hasSound() { return this.#tracks.some(({ media }) => !media.muted); }

  get hasPicture() { return this.#tracks.some(({ media }) => media.tagName === "VIDEO"); }

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
    if (on) this.#speed(1);
    const root = this.closest(".work") ?? document;
    for (const form of root.querySelectorAll("wave-form, signal-lane")) form.toggleAttribute("data-locked", on);
    for (const act of root.querySelectorAll("[data-player]:not([data-player=play])")) act.setAttribute("aria-disabled", String(on));
  }

  async play() {
    if (!this.#lead || this.#gone) return;
    if (this.#atEnd) this.seek(this.startUs, { why: "again", force: true });
    try {
      await this.#lead.media.play();
      for (const track of this.#tracks.slice(1)) track.media.play().catch(() => this.#failed(track.media));
    } catch (error) {
      if (error.name !== "AbortError") this.#failed(this.#lead.media);
    }
  }

  pause() { for (const { media } of this.#tracks) media.pause(); }

  toggle() { if (this.#lead?.media.paused) this.play(); else this.pause(); }

  /** Go to a recording time; within the item; not while locked unless `force` (a trace going back). */
  seek(us, { why = "seek", force = false } = {}) {
    if (!this.#lead || (this.#locked && !force)) return;
    const fromUs = this.nowUs;
    const toUs = clamp(Math.round(us), this.startUs, this.endUs);
    this.#close();
    for (const track of this.#tracks) track.media.currentTime = toElement(toUs, track);
    if (this.#state === "playing") this.#from = toUs;
    if (this.#state === "ended" && toUs < this.endUs - 20_000) this.#enter("paused");
    this.#say("player:seek", { fromUs, toUs, why });
    this.#say("player:time", { us: toUs, playing: false });
    this.#show();
  }

  /** One frame on or back: the recording's own frame times where they are known, else the length that was seen. */
  async step(direction) {
    if (this.#locked || !this.hasPicture) return;
    this.pause();
    const video = this.#tracks.find(({ media }) => media.tagName === "VIDEO");
    if (video.media.dataset.frames) this.#frames ??= this.#loadFrames(video.media.dataset.frames);
    const frames = await this.#frames; // steps asked for meanwhile wait in turn
    const now = this.nowUs;
    if (frames?.length) {
      // The middle of a frame is a place that rounding cannot push into its neighbour.
      let index = frames.findLastIndex((us) => us <= now - video.offsetUs + 1000);
      index = clamp(index + direction, 0, frames.length - 1);
      const next = frames[index + 1] ?? frames[index] + this.#frameUs;
      this.seek(video.offsetUs + (frames[index] + next) / 2, { why: "frame" });
    } else {
      this.seek((Math.floor(now / this.#frameUs + 0.01) + direction + 0.5) * this.#frameUs, { why: "frame" });
    }
  }

  /** A participant stopped: nothing of it may be heard or seen any longer. */
  withdraw() {
    if (this.#gone) return;
    this.#gone = true;
    for (const { media } of this.#tracks) this.#unload(media);
    this.#enter("gone");
  }

  #unload(media) {
    media.pause();
    media.removeAttribute("src");
    media.load();
  }

  #ready() {
    if (this.startUs > 0 && this.nowUs <= this.startUs) for (const track of this.#tracks) track.media.currentTime = toElement(this.startUs, track);
    if (this.#state === "loading") this.#enter("ready");
    this.#show();
  }

  #enter(state) {
    if (this.#state === state || (this.#gone && state !== "gone")) return;
    if (this.#state === "playing") this.#close();
    this.#state = state;
    if (state === "playing") this.#from = this.nowUs;
    if (state !== "playing" && state !== "stalled") for (const { media } of this.#tracks.slice(1)) media.pause();
    if (state === "stalled") for (const { media } of this.#tracks.slice(1)) media.pause();
    if (state === "playing") for (const { media } of this.#tracks.slice(1)) if (media.paused) media.play().catch(() => this.#failed(media));
    this.#say("player:state", { state });
    const root = this.closest(".work") ?? document;
    const moving = state === "playing" || state === "stalled";
    for (const button of root.querySelectorAll('[data-player="play"]')) button.dataset.playing = String(moving);
    cancelAnimationFrame(this.#frame);
    if (state === "playing") this.#loop(); else this.#tick();
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
      for (const track of this.#tracks.slice(1)) this.#follow(track, us);
    }
    this.#say("player:time", { us, playing: this.#state === "playing" });
    this.#show();
  }

  #follow(track, us) {
    if (track.media.seeking || track.media.readyState < 2) return;
    const what = correction(us - fromElement(track.media.currentTime, track), this.#rate);
    if (what.jump) track.media.currentTime = toElement(us, track);
    else if (track.media.playbackRate !== what.rate) track.media.playbackRate = what.rate;
  }

  #speed(rate) {
    this.#rate = rate;
    for (const { media } of this.#tracks) media.playbackRate = rate;
    for (const out of document.querySelectorAll('[data-player-out="rate"]')) out.textContent = rate.toLocaleString(document.documentElement.lang, { minimumFractionDigits: 1 });
  }

  #show() {
    const text = timecode(this.nowUs - this.startUs);
    for (const out of document.querySelectorAll('[data-player-out="time"]')) if (out.textContent !== text) out.textContent = text;
  }

  #click(event) {
    const act = event.target.closest?.("[data-player]");
    if (!act || act.getAttribute("aria-disabled") === "true") return;
    if (act.dataset.player === "play") this.toggle();
    if (act.dataset.player === "again") this.#again();
    if (act.dataset.player === "speed") this.#speed(SPEEDS[(SPEEDS.indexOf(this.#rate) + 1) % SPEEDS.length]);
  }

  #again() {
    if (this.#locked) return;
    this.seek(this.nowUs - 2 * SECOND, { why: "again" });
    this.play();
  }

  #key(event) {
    if (!ours(event) || document.querySelector("dialog[open]")) return;
    const acts = {
      Space: () => { if (activates(event.target)) return false; this.toggle(); return true; },
      ArrowLeft: () => this.#nudge(event, -SECOND),
      ArrowRight: () => this.#nudge(event, SECOND),
      Comma: () => { this.step(-1); return true; },
      Period: () => { this.step(1); return true; },
      KeyZ: () => { this.#again(); return true; },
      KeyX: () => { if (!this.#locked) this.#speed(SPEEDS[(SPEEDS.indexOf(this.#rate) + 1) % SPEEDS.length]); return true; },
    };
    if (acts[place(event)]?.()) event.preventDefault();
  }

  #nudge(event, us) {
    // On a group of radio buttons or a slider the arrows belong to it.
    if (event.target.matches?.("input[type=radio], input[type=range]")) return false;
    this.seek(this.nowUs + us);
    return true;
  }

  #learnFrames(media) {
    if (!media.requestVideoFrameCallback) return;
    let before = null;
    const seen = (now, data) => {
      if (before !== null && this.#rate === 1) {
        const step = Math.round((data.mediaTime - before) * SECOND);
        if (step > 5000 && step < this.#frameUs) this.#frameUs = step;
      }
      before = data.mediaTime;
      if (!this.#abort.signal.aborted) media.requestVideoFrameCallback(seen);
    };
    media.requestVideoFrameCallback(seen);
  }

  /** Frame times stand in the attribute (µs on the track's clock), or at the address that stands there. */
  async #loadFrames(url) {
    if (/^\d/.test(url)) return url.split(" ").map(Number);
    try {
      const reply = await fetch(url, { headers: { Accept: "application/json" } });
      if (reply.ok) return await reply.json();
    } catch (error) {
      console.warn("frame times:", error.message); // stepping by length still works
    }
    return [];
  }

  async #failed(media) {
    if (this.#gone || !media.getAttribute("src")) return;
    // The element does not tell a stop from a broken file; the server does.
    let text = say("media.unreadable");
    try {
      const reply = await fetch(media.getAttribute("src"), { headers: { Range: "bytes=0-0" }, cache: "no-store" });
      if (reply.status === 404 || reply.status === 410) {
        this.#say("player:withdrawn", {});
        document.dispatchEvent(new CustomEvent("session:withdrawn"));
        return;
      }
    } catch {
      text = say("media.unreachable");
    }
    this.pause();
    this.#enter("error");
    const box = this.querySelector("[data-player-problem]");
    if (box) {
      box.querySelector("[data-player-problem-text]").textContent = text;
      box.hidden = false;
    }
  }

  #say(name, detail) { this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail })); }
}

customElements.define("media-player", MediaPlayer);
