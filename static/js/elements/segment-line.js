// <segment-line>: segments on the tiers of a timeline, drawn with the mouse, with a finger or by holding a key while it plays.
//
// What segments are and what can be done to them is in lib/segments.js, the window in lib/timescale.js, drawing in
// lib/segment-paint.js, the hand in lib/segment-hand.js, the panel above in lib/segment-panel.js. Here they meet the player and the
// keyboard. While playing only the playhead moves; the canvas is drawn again when something on it changed. `value` is the list.

import { address, bytes, columnsOf } from "#app/lib/bytes.js";
import { toRecording } from "#app/lib/clock.js";
import { answerPlace, ours, segmentPlace } from "#app/lib/keys.js";
import { filling, pairsOf } from "#app/lib/peaks.js";
import { Hand } from "#app/lib/segment-hand.js";
import { Painter } from "#app/lib/segment-paint.js";
import { Panel } from "#app/lib/segment-panel.js";
import { Segments } from "#app/lib/segments.js";
import { timecode } from "#app/lib/timecode.js";
import { Timescale } from "#app/lib/timescale.js";

const TAP_MS = 250;        // shorter than this, a key goes on painting until the next press
const NEW_US = 1_000_000;  // what a key makes while nothing plays
const FRAME_US = 40_000;   // where the recording's own frames are not known
const SNAP_PX = 8;
const SETTLE_MS = 90; // while somebody zooms, not every step is fetched
const KEYS = { BracketLeft: "start", BracketRight: "end", KeyT: "split", KeyG: "merge", KeyY: "apex", Delete: "remove", KeyN: "next", KeyP: "previous", KeyH: "snap", Equal: "in", NumpadAdd: "in", Minus: "out", NumpadSubtract: "out", Home: "all" };

class SegmentLine extends HTMLElement {
  #abort = null;
  #player = null;
  #tiers = [];
  #panel = null;
  #painter = null;
  #over = null;
  #frames = [];
  #peaks = null; // {from, to, drawn} of the stretch that was fetched last, and `wanted`, the one that was asked for
  #fetching = 0;
  #painted = null; // {label, tier, from, at, latched}
  #dirty = false;
  #given = null;
  #snapping = true;
  #touched = false;
  selected = null;
  tierId = "";
  live = null;
  lanes = { ruler: { top: 0, height: 24 }, tiers: [] };

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#player = this.closest(".work").querySelector("media-player");
    this.#tiers = JSON.parse(this.querySelector("[data-tiers]").content.textContent);
    this.tierId = this.#tiers[0].id;
    this.#painter = new Painter(this.#view.querySelector("canvas"));
    this.#over = new Painter(this.querySelector(".seg-over"));
    customElements.whenDefined("media-player").then(() => { if (!signal.aborted) this.#start(signal); });
  }

  disconnectedCallback() {
    this.#abort?.abort();
    clearTimeout(this.#fetching);
  }

  get #view() { return this.querySelector(".seg-view"); }

  get #tier() { return this.#tiers.find(({ id }) => id === this.tierId); }

  get value() {
    const list = this.segments?.value ?? this.#given ?? [];
    return list.length || this.#touched || this.hasAttribute("data-required") ? list : null;
  }

  set value(list) {
    this.#given = list;
    this.#touched = true;
    if (!this.segments) return;
    this.segments.value = list;
    this.selected = null;
    this.#refresh();
  }

  /** The stretch that is asked about; the player's own where the page told none. */
  get #media() {
    const told = JSON.parse(this.closest("answer-form").querySelector("#to-check").content.textContent).media;
    return told ? [told.start_us, told.end_us] : [this.#player.startUs, this.#player.endUs];
  }

  // Begin

  #start(signal) {
    const player = this.#player, root = this.closest(".work");
    const known = () => {
      if (this.segments || !(this.#media[1] > this.#media[0])) return;
      const media = this.#media;
      this.segments = new Segments(this.#tiers, media);
      this.scale = new Timescale(media);
      if (this.#given) this.segments.value = this.#given;
      this.#panel = new Panel(this, this.#tiers, media[0], { label: (id) => this.#label(id), set: (fields) => this.#set(fields) }, signal);
      new Hand(this.#view, this, signal);
      this.#overview(signal);
      this.#learnFrames();
      this.#loadPeaks(signal);
      new ResizeObserver(() => this.#refresh()).observe(this.#view);
      this.#learnColours();
    };
    known();
    root.addEventListener("player:state", (event) => { known(); if (!["playing", "stalled"].includes(event.detail.state)) this.#stop(); }, { signal });
    root.addEventListener("player:time", (event) => this.#tick(event.detail.us, event.detail.playing), { signal });
    this.addEventListener("click", (event) => this.#click(event), { signal });
    // Before the form, which has the same keys for its questions.
    addEventListener("keydown", (event) => this.#key(event), { signal, capture: true });
    addEventListener("keyup", (event) => this.#release(event), { signal, capture: true });
    addEventListener("blur", () => this.#stop(), { signal });
    const again = () => { this.#learnColours(); };
    new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again, { signal });
  }

  #learnColours() {
    const probe = document.createElement("span");
    probe.hidden = false;
    probe.className = "seg-probe";
    this.append(probe);
    const colours = new Map();
    for (const tier of this.#tiers) {
      for (const { id, emotion, mark } of tier.labels) {
        delete probe.dataset.e;
        delete probe.dataset.m;
        probe.style.removeProperty("--e");
        if (emotion) probe.dataset.e = emotion; else if (mark.colour) probe.dataset.m = mark.colour;
        else probe.style.setProperty("--e", `light-dark(${mark.light}, ${mark.dark})`);
        colours.set(`${tier.id} ${id}`, getComputedStyle(probe).color);
      }
    }
    const inks = {};
    for (const [name, token] of Object.entries({ ink: "--ink", soft: "--ink-3", line: "--line", tick: "--line-2", grid: "--line", wave: "--wave", surface: "--surface", active: "--accent-soft", accent: "--accent" })) {
      probe.style.setProperty("--e", `var(${token})`);
      inks[name] = getComputedStyle(probe).color;
    }
    inks.face = getComputedStyle(this).fontFamily;
    probe.remove();
    for (const painter of [this.#painter, this.#over]) Object.assign(painter, { inks, colours });
    this.#refresh();
  }

  async #learnFrames() {
    const video = this.#player.querySelector("video[data-frames]");
    if (!video) return;
    const text = video.dataset.frames;
    try {
      const times = /^\d/.test(text) ? text.split(" ").map(Number) : await (await fetch(text, { headers: { Accept: "application/json" } })).json();
      const track = { offsetUs: Number(video.dataset.offsetUs) || 0, driftPpb: Number(video.dataset.driftPpb) || 0 };
      this.#frames = times.map((us) => toRecording(us, track));
    } catch (error) {
      console.warn("frame times:", error.message); // edges then go by the length of a usual frame
    }
  }

  async #loadPeaks(signal) {
    const form = this.closest(".work").querySelector("wave-form[data-peaks]");
    if (!form) return;
    const { from, to, width } = this.scale;
    const wanted = `${from} ${to} ${width}`;
    this.#peaks = { ...this.#peaks, wanted };
    const [fromUs, toUs] = [Math.round(from), Math.round(to)];
    try {
      const pairs = pairsOf(await bytes(address(form.dataset.peaks, { from_us: fromUs, to_us: toUs, columns: columnsOf(width / 2) }), { signal }));
      if (this.#peaks.wanted !== wanted) return; // somebody went on meanwhile
      const scale = this.#peaks.scale ?? filling(pairs); // kept while zooming, so that what is loud stays so
      const drawn = pairs.map(([low, high]) => [Math.max(-128, low * scale), Math.min(127, high * scale)]);
      this.#peaks = { wanted, scale, from: fromUs, to: toUs, drawn };
      this.querySelector('[data-name="wave"]').hidden = false;
      this.#refresh();
    } catch (error) {
      if (error.name !== "AbortError") console.warn("peaks:", error.message); // a picture that cannot be had is no reason to stop work
    }
  }

  #overview(signal) {
    const canvas = this.querySelector(".seg-over");
    const go = (event) => {
      const box = canvas.getBoundingClientRect();
      const us = this.scale.start + ((event.clientX - box.left) / box.width) * (this.scale.end - this.scale.start);
      this.scale.show(us - this.scale.length / 2);
      this.drawn();
    };
    canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); go(event); }, { signal });
    canvas.addEventListener("pointermove", (event) => { if (canvas.hasPointerCapture(event.pointerId)) go(event); }, { signal });
  }

  // Draw

  /** Something on the canvas changed: it is drawn with the next frame, once. */
  drawn() {
    if (this.#dirty) return;
    this.#dirty = true;
    requestAnimationFrame(() => { this.#dirty = false; if (this.isConnected) this.#draw(); });
  }

  #refresh() {
    if (!this.segments || !this.#panel) return;
    const tier = this.#tier, one = this.selected === null ? undefined : this.segments.get(this.selected);
    this.#panel.show({ tier, one, index: one ? this.segments.index(one.id) : -1, count: this.segments.size });
    for (const name of this.querySelectorAll(".lane-name[data-tier]")) name.setAttribute("aria-pressed", String(name.dataset.tier === tier.id));
    this.querySelector('[data-seg="undo"]').setAttribute("aria-disabled", String(!this.segments.undoable));
    this.#speak(one);
    this.drawn();
  }

  #draw() {
    const view = this.#view, { scale } = this;
    const names = [...this.querySelectorAll(".seg-names > *")].filter((name) => !name.hidden);
    const lane = (name) => ({ top: name.offsetTop, height: name.offsetHeight });
    const named = (what) => names.find((name) => name.dataset.name === what);
    this.lanes = {
      ruler: lane(named("ruler")), wave: named("wave") ? lane(named("wave")) : null,
      tiers: names.filter((name) => name.dataset.tier).map((name) => {
        const tier = this.#tiers.find(({ id }) => id === name.dataset.tier);
        return { ...lane(name), id: tier.id, overlap: tier.overlap, labels: new Map(tier.labels.map((label) => [label.id, label])) };
      }),
    };
    const height = this.querySelector(".seg-names").offsetHeight;
    scale.width = Math.max(1, view.clientWidth);
    this.#painter.fit(scale.width, height);
    this.#painter.draw({
      scale, lanes: this.lanes, height, segments: this.segments.within(scale.from, scale.to), selected: this.selected, active: this.tierId,
      peaks: this.#columns(),
    });
    const over = this.querySelector(".seg-over");
    this.#over.fit(over.clientWidth, over.clientHeight);
    this.#over.overview({ scale, width: over.clientWidth, height: over.clientHeight, segments: this.segments.all, tiers: this.#tiers.map(({ id }) => id) });
    const digits = scale.length < 20e6 && scale.width > 500 ? 1 : 0;
    this.querySelector("[data-window]").textContent = `${timecode(scale.from - scale.start, digits)} – ${timecode(scale.to - scale.start, digits)}`;
    this.#head(this.#player.nowUs);
    this.grown();
  }

  /** What is being drawn or painted is a box over the canvas: it grows in every frame, and nothing else is drawn again for it. */
  grown() {
    const box = this.querySelector(".seg-live"), { live, scale } = this;
    const lane = live && this.lanes.tiers.find(({ id }) => id === live.tier);
    box.hidden = !lane;
    if (!lane) return;
    const left = Math.max(-4, scale.x(live.start_us)), right = Math.min(scale.width + 4, scale.x(live.end_us));
    const look = [lane.top + 2, lane.height - 5, left, Math.max(2, right - left)].map((n) => `${n.toFixed(1)}px`);
    [box.style.insetBlockStart, box.style.blockSize, box.style.left, box.style.inlineSize] = look;
    box.style.setProperty("--e", this.#painter.colours.get(`${live.tier} ${live.label}`) ?? this.#painter.inks.tick);
  }

  /** The wave over what is shown. While a finer one is on its way, the one that is there is stretched to where it belongs. */
  #columns() {
    const peaks = this.#peaks, { scale } = this;
    if (!peaks?.drawn?.length) return null;
    if (peaks.wanted !== `${scale.from} ${scale.to} ${scale.width}`) {
      clearTimeout(this.#fetching);
      this.#fetching = setTimeout(() => this.#loadPeaks(this.#abort.signal), SETTLE_MS);
    }
    const count = Math.max(1, Math.round(scale.width / 2));
    const share = (i) => (scale.from + ((i + 0.5) / count) * scale.length - peaks.from) / (peaks.to - peaks.from);
    return Array.from({ length: count }, (_, i) => peaks.drawn[Math.floor(share(i) * peaks.drawn.length)] ?? [0, 0]);
  }

  #head(us) {
    const x = this.scale.x(us);
    const head = this.querySelector(".seg-head");
    head.style.transform = `translateX(${x.toFixed(1)}px)`;
    head.style.visibility = x < 0 || x > this.scale.width ? "hidden" : "visible";
  }

  #tick(us, playing) {
    if (!this.scale) return;
    if (playing && this.scale.follow(us)) this.drawn();
    if (this.#painted) {
      this.live = { tier: this.#painted.tier, label: this.#painted.label, start_us: this.#painted.from, end_us: Math.max(us, this.#painted.from + 1) };
      this.#panel.painting(this.#name(this.#painted.tier, this.#painted.label), us - this.#painted.from);
      this.grown();
    }
    this.#head(us);
  }

  /** For those who hear the page: the segment at hand, as an option of a list of which only this one is there. */
  #speak(one) {
    const view = this.#view, option = view.querySelector("[role=option]");
    option.hidden = !one;
    if (!one) { view.removeAttribute("aria-activedescendant"); return; }
    const time = (us) => timecode(us - this.scale.start);
    option.textContent = view.dataset.option.replace("{tier}", this.#tiers.find(({ id }) => id === one.tier).name)
      .replace("{label}", this.#name(one.tier, one.label) ?? one.text ?? this.querySelector("[data-seg-title]").dataset.empty)
      .replace("{start}", time(one.start_us)).replace("{end}", time(one.end_us));
    option.setAttribute("aria-setsize", this.segments.size);
    option.setAttribute("aria-posinset", this.segments.index(one.id) + 1);
    view.setAttribute("aria-activedescendant", option.id);
  }

  #name(tier, label) { return this.#tiers.find(({ id }) => id === tier).labels.find(({ id }) => id === label)?.name; }

  // Acts: the hand calls these

  get tier() { return this.tierId; }

  set tier(id) { this.tierId = id; this.#refresh(); }

  select(id) {
    this.selected = id;
    if (id !== null) this.tierId = this.segments.get(id).tier;
    this.#refresh();
  }

  seek(us) { this.#player.seek(us); this.drawn(); }

  /** Shows the picture of an edge while it is dragged. */
  show(us) { if (!this.#player.playing) this.#player.seek(us); }

  snap(us, { except, free = false } = {}) {
    if (free || !this.#snapping) return Math.round(us);
    return this.segments.snapped(us, { tolerance: SNAP_PX * this.scale.usPerPixel, marks: [this.#player.nowUs, this.scale.start, this.scale.end], frames: this.#frames, except });
  }

  made(id) { if (id !== null) { this.select(id); this.changed(); } else this.drawn(); }

  changed() {
    this.#touched = true;
    this.#refresh();
    this.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** A label was chosen: for the segment at hand, or for a new one where the playhead stands. */
  #label(label) {
    const one = this.selected === null ? null : this.segments.get(this.selected);
    if (this.#player.playing) { this.#paint(label, true); return; }
    if (one && one.tier === this.tierId) { this.segments.set(one.id, { label, text: undefined }); this.changed(); return; }
    const now = this.#player.nowUs;
    const id = this.segments.add({ tier: this.tierId, label, start_us: now, end_us: now + NEW_US });
    this.made(id);
  }

  #set(fields) {
    if (this.selected === null) return;
    this.segments.set(this.selected, fields);
    this.changed();
  }

  #paint(label, latched = false, key = "") {
    const before = this.#painted;
    if (before) { this.#stop(); if (before.label === label) return; }
    this.#painted = { label, tier: this.tierId, from: this.snap(this.#player.nowUs), at: performance.now(), latched, key };
    this.#tick(this.#player.nowUs, true);
  }

  /** Ends what is being painted. */
  #stop() {
    const painted = this.#painted;
    if (!painted) return;
    this.#painted = null;
    this.live = null;
    this.#panel.painting(null);
    const { tier, label, from } = painted;
    this.made(this.segments.paint({ tier, label, start_us: from, end_us: Math.max(this.#player.nowUs, from + 1) }));
  }

  #act(what) {
    const one = this.selected === null ? null : this.segments.get(this.selected), now = this.#player.nowUs;
    const acts = {
      next: () => this.#step(1), previous: () => this.#step(-1),
      in: () => { this.scale.zoom(1 / 1.6, now); this.drawn(); }, out: () => { this.scale.zoom(1.6, now); this.drawn(); },
      all: () => { this.scale.show(this.scale.start, Infinity); this.drawn(); },
      snap: () => { this.#snapping = !this.#snapping; this.querySelector('[data-seg="snap"]').setAttribute("aria-pressed", String(this.#snapping)); },
      undo: () => { if (this.segments.undo()) { if (!this.segments.get(this.selected)) this.selected = null; this.changed(); } },
    };
    if (acts[what]) { acts[what](); return; }
    if (!one) return;
    if (what === "start" || what === "end") this.segments.set(one.id, { [`${what}_us`]: this.segments.edge(one.id, what, now) });
    if (what === "split") { const id = this.segments.split(one.id, now > one.start_us && now < one.end_us ? now : (one.start_us + one.end_us) / 2); if (id !== null) this.selected = id; }
    if (what === "merge" && !this.segments.merge(one.id)) return;
    if (what === "apex") this.segments.set(one.id, { apex_us: now >= one.start_us && now < one.end_us ? now : undefined });
    if (what === "remove") { const after = this.segments.beside(one.id, 1) ?? this.segments.beside(one.id, -1); this.segments.remove(one.id); this.selected = after?.id ?? null; if (after) this.tierId = after.tier; }
    this.changed();
  }

  #step(direction) {
    const one = this.segments.beside(this.selected, direction, this.#player.nowUs);
    if (!one) return;
    this.select(one.id);
    if (one.start_us < this.scale.from || one.end_us > this.scale.to) this.scale.show(one.start_us - this.scale.length * 0.2);
    if (!this.#player.playing) this.seek(one.start_us);
  }

  /** An edge by one frame: the end with Shift, the beginning with Shift and Alt. */
  #nudge(side, direction) {
    const one = this.segments.get(this.selected);
    if (!one) return;
    const us = one[`${side}_us`];
    const next = direction > 0 ? this.#frames.find((frame) => frame > us) : this.#frames.findLast((frame) => frame < us);
    const edge = this.segments.edge(one.id, side, next ?? us + direction * FRAME_US);
    this.segments.set(one.id, { [`${side}_us`]: edge });
    this.show(edge);
    this.changed();
  }

  // Keys

  #click(event) {
    const tier = event.target.closest?.(".lane-name[data-tier]")?.dataset.tier;
    if (tier) { this.selected = null; this.tier = tier; }
    const act = event.target.closest?.("[data-seg]");
    if (act && act.getAttribute("aria-disabled") !== "true") this.#act(act.dataset.seg);
  }

  /** Whether a key is ours now: another question may have it while it is that one's turn and nothing plays. */
  #mine(code) {
    const focused = document.activeElement?.closest?.("[data-question]");
    if (focused) return focused === this;
    if (this.#player.playing || this.classList.contains("here")) return true;
    const others = [...this.closest("form").querySelectorAll(`[data-code="${CSS.escape(code)}"]`)];
    return !others.some((field) => !this.contains(field) && !field.disabled && field.getClientRects().length);
  }

  #key(event) {
    if (!this.segments || this.hidden || document.querySelector("dialog[open]") || this.closest(".work[data-busy]")) return;
    const key = event.code, code = answerPlace(event), act = KEYS[segmentPlace(event)];
    if (event.ctrlKey && key === "KeyZ" && !event.defaultPrevented && !event.target.matches?.("input, textarea")) { this.#take(event); this.#act("undo"); return; }
    if (!ours(event) && !(event.altKey && event.shiftKey)) return;
    if (key === "Escape" && this.#painted) { this.#take(event); this.#painted = this.live = null; this.#panel.painting(null); this.grown(); return; }
    const label = this.#tier.labels.find((one) => one.place === code)?.id;
    if (label && this.#mine(code)) {
      this.#take(event);
      if (event.repeat) return;
      if (this.#player.playing) this.#paint(label, false, event.code); else this.#label(label);
      return;
    }
    if (event.shiftKey && (key === "ArrowLeft" || key === "ArrowRight") && this.selected !== null && this.#mine(code)) {
      this.#take(event);
      this.#nudge(event.altKey ? "start" : "end", key === "ArrowRight" ? 1 : -1);
      return;
    }
    if (document.activeElement === this.#view && (key === "ArrowUp" || key === "ArrowDown")) {
      this.#take(event);
      const index = this.#tiers.findIndex(({ id }) => id === this.tierId) + (key === "ArrowDown" ? 1 : -1);
      if (this.#tiers[index]) { this.selected = null; this.tier = this.#tiers[index].id; }
      return;
    }
    if (!event.shiftKey && !event.altKey && act && this.#mine(code) && (act !== "all" || document.activeElement === this.#view)) {
      const button = this.querySelector(`[data-seg="${act}"]`);
      if (!button) return;
      this.#take(event);
      if (button.getAttribute("aria-disabled") !== "true") this.#act(act);
    }
  }

  #take(event) { event.preventDefault(); }

  #release(event) {
    const painted = this.#painted;
    if (!painted || painted.latched) return;
    if (painted.key !== event.code) return;
    if (performance.now() - painted.at < TAP_MS) painted.latched = true; else this.#stop();
  }
}

customElements.define("segment-line", SegmentLine);
