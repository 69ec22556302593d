// <practice-test>: a target that is known moves — a disc in brightness, a tone in pitch, a drawn face in how pleased it looks — and the
// hand follows it on the pad, with the same devices and the same sampler as in a trace. The samples go to the server, which measures
// delay and concordance; then both curves are shown.
//
// The target's clock is what is seen or heard: the page's frames, or the sound's own output clock. Leaving the window ends the try.

import { ours, place } from "#app/lib/keys.js";
import { measured } from "#app/lib/measured.js";
import { Paper } from "#app/lib/paper.js";
import { DURATION_US, target } from "#app/lib/practice.js";
import { Rig } from "#app/lib/rig.js";
import { say } from "#app/lib/texts.js";
import { owed, Sampler, SOUND_US } from "#app/lib/trace.js";

const LIGHTNESS = [22, 92];  // L* of the darkest and the brightest disc: equal steps look equal
const PITCH_HZ = 440;        // an octave down to an octave up
const LEAD_S = 0.2;
const POLL_MS = 8;

class PracticeTest extends HTMLElement {
  #abort = null;
  #rig = null;
  #paper = null;
  #target = null;
  #sampler = new Sampler();
  #reached = null;
  #kept = [];
  #clock = null; // () => µs of the target, while it runs
  #sound = null;
  #timer = 0;
  #left = 0;
  #losses = 0;

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#target = target(Number(this.dataset.seed));
    this.#paper = new Paper(this.querySelector(".pad > svg"));
    const pad = this.querySelector(".pad");
    this.#rig = new Rig({
      pad, active: () => !this.dataset.done, signal,
      on: { moved: () => { pad.setAttribute("aria-valuenow", this.#rig.value.toFixed(2)); if (!this.#clock) this.#paper.hand(this.#rig.value); }, refused: () => {} },
    });
    this.#draw(0);
    this.querySelector("[data-begin]").addEventListener("click", () => this.#begin(), { signal });
    document.addEventListener("keydown", (event) => {
      if (place(event) !== "Space" || !ours(event) || event.target.closest?.("button, a, input, summary")) return;
      event.preventDefault();
      this.#begin();
    }, { signal });
    addEventListener("blur", () => this.#stop(), { signal });
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.#stop(); }, { signal });
    this.#timer = setInterval(() => this.#rig.poll(performance.now()), POLL_MS);
  }

  disconnectedCallback() {
    this.#abort?.abort();
    clearInterval(this.#timer);
    this.#sound?.close();
  }

  async #begin() {
    if (this.#clock || this.dataset.done) return;
    this.#clock = () => 0;
    [this.#sampler, this.#reached, this.#kept] = [new Sampler(), null, []];
    this.#paper.cut(0);
    this.querySelector("[data-begin]").disabled = true;
    this.querySelector(".pad").focus({ preventScroll: true });
    try {
      this.#clock = this.dataset.kind === "tone" ? await this.#sounding() : this.#seen();
    } catch {
      this.#end("silent");
      return;
    }
    this.#frame();
  }

  /** What is seen follows the page's frames. */
  #seen() {
    const from = performance.now() + LEAD_S * 1000;
    return (ms) => (ms - from) * 1000;
  }

  /** What is heard follows the sound's output clock; the whole pitch curve is handed to it beforehand. */
  async #sounding() {
    this.#sound = new AudioContext({ latencyHint: "interactive" });
    await this.#sound.resume();
    if (this.#sound.state !== "running") throw new Error("no sound");
    const [oscillator, gain, from] = [this.#sound.createOscillator(), this.#sound.createGain(), this.#sound.currentTime + LEAD_S];
    const steps = DURATION_US / 20_000;
    const curve = Float32Array.from({ length: steps + 1 }, (_, i) => PITCH_HZ * 2 ** this.#target(i * 20_000));
    oscillator.frequency.setValueCurveAtTime(curve, from, DURATION_US / 1e6);
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(0.15, from + 0.1);
    oscillator.connect(gain).connect(this.#sound.destination);
    oscillator.start(from);
    oscillator.stop(from + DURATION_US / 1e6);
    return (ms) => {
      const { contextTime, performanceTime } = this.#sound.getOutputTimestamp?.() ?? {};
      const heard = contextTime > 0 ? contextTime + (ms - performanceTime) / 1000 : this.#sound.currentTime - (this.#sound.outputLatency || 0);
      return (heard - from) * 1e6;
    };
  }

  #frame() {
    requestAnimationFrame(() => {
      if (!this.#clock) return;
      const ms = performance.now();
      const us = Math.round(this.#clock(ms));
      this.#draw(Math.min(us, DURATION_US));
      if (us >= 0) this.#sample(Math.min(us, DURATION_US - 1), ms);
      if (us >= DURATION_US) this.#finish();
      else this.#frame();
    });
  }

  #sample(us, ms) {
    this.#rig.settle(ms);
    const pace = { lateUs: SOUND_US, stepUs: SOUND_US };
    for (const one of owed(this.#reached, us, ms, pace)) if (this.#rig.known(one.ms)) this.#keep(one.us, this.#rig.trail.at(one.ms), one.ms);
    this.#keep(us, this.#rig.value, ms);
    this.#paper.to(us, this.#rig.value);
    this.#say("running", { n: Math.ceil((DURATION_US - us) / 1e6) });
  }

  #keep(us, value, ms) {
    const sample = this.#sampler.sample(us, value, ms);
    if (!sample) return;
    this.#reached = { us: sample.us, ms };
    this.#kept.push(sample);
    this.#rig.forget(ms);
    this.#paper.add(sample.us, sample.value, sample.flags !== 0);
  }

  #draw(us) {
    const value = us < 0 ? 0 : this.#target(us);
    const [low, high] = LIGHTNESS;
    this.querySelector("[data-disc]")?.setAttribute("fill", `lab(${(low + ((value + 1) / 2) * (high - low)).toFixed(2)}% 0 0)`);
    this.querySelector("[data-mouth]")?.setAttribute("d", `M32 ${(68 - value * 5).toFixed(2)}Q50 ${(68 + value * 17).toFixed(2)} 68 ${(68 - value * 5).toFixed(2)}`);
    // Pleased: brows up; displeased: their inner ends come down.
    const [inner, outer] = (value < 0 ? [33 - value * 4, 33] : [33 - value * 4, 33 - value * 3]).map((one) => one.toFixed(2));
    this.querySelector('[data-brow="left"]')?.setAttribute("d", `M27 ${outer} 43 ${inner}`);
    this.querySelector('[data-brow="right"]')?.setAttribute("d", `M57 ${inner} 73 ${outer}`);
  }

  async #finish() {
    this.#clock = null;
    this.dataset.done = "true";
    this.#sound?.close();
    const { times_us, values, flags, clock_us } = this.#sampler.chunk();
    const samples = { times_us, values, flags, clock_us };
    const device = { ...this.#rig.evidence, focus_losses: this.#losses };
    const result = await measured(this, this.dataset.url, { ticket: this.dataset.ticket, samples, device });
    if (result) this.#curves();
  }

  #curves() {
    const path = (points) => points.map(([us, value], i) => `${i ? "L" : "M"}${((us / DURATION_US) * 1000).toFixed(1)} ${(50 - value * 42).toFixed(1)}`).join("");
    this.querySelector(".practice-curves .shown").setAttribute("d", path(Array.from({ length: 241 }, (_, i) => [i * 100_000, this.#target(i * 100_000)])));
    this.querySelector(".practice-curves .yours").setAttribute("d", path(this.#kept.map(({ us, value }) => [us, value])));
  }

  #stop() {
    if (!this.#clock) return;
    this.#losses += 1;
    this.#end("stopped");
  }

  #end(why) {
    this.#clock = null;
    this.#sound?.close();
    this.#sound = null;
    this.#draw(0);
    this.querySelector("[data-begin]").disabled = false;
    this.#left = 0;
    this.querySelector("[data-state]").textContent = say(why);
  }

  #say(name, facts) {
    if (facts.n === this.#left) return;
    this.#left = facts.n;
    this.querySelector("[data-state]").textContent = say(name, facts);
  }
}

customElements.define("practice-test", PracticeTest);
