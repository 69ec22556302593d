// <headphone-check>: six times three tones, of which one is quieter and one in antiphase. Through headphones the quieter one is heard as
// such; between loudspeakers the one in antiphase cancels itself in the air and is taken for it (Woods, Siegel, Traer & McDermott 2017).
// Made from the server's seed, counted by the server.

import { ours, place } from "#app/lib/keys.js";
import { measured } from "#app/lib/measured.js";
import { numbers, tone, TRIALS, trials } from "#app/lib/practice.js";
import { say } from "#app/lib/texts.js";

const BREAK_S = 0.5;
const NOISE_S = 3;
const KEYS = { Digit1: 0, Digit2: 1, Digit3: 2 };

class HeadphoneCheck extends HTMLElement {
  #abort = null;
  #sound = null;
  #orders = [];
  #answers = [];
  #played = 0; // how many trials were heard
  #sounding = false;

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#orders = trials(Number(this.dataset.seed));
    this.querySelector("[data-noise]").addEventListener("click", () => this.#noise(), { signal });
    this.querySelector("[data-play]").addEventListener("click", () => this.#play(), { signal });
    for (const button of this.querySelectorAll("[data-answer]")) button.addEventListener("click", () => this.#answer(Number(button.dataset.answer)), { signal });
    document.addEventListener("keydown", (event) => {
      if (!ours(event) || event.repeat) return;
      const key = place(event);
      if (key === "Space" && !event.target.closest?.("button, a, input, summary")) { event.preventDefault(); this.#play(); }
      if (key in KEYS) this.#answer(KEYS[key]);
    }, { signal });
  }

  disconnectedCallback() {
    this.#abort?.abort();
    this.#sound?.close();
  }

  async #running() {
    this.#sound ??= new AudioContext();
    await this.#sound.resume();
    const good = this.#sound.state === "running";
    if (!good) this.querySelector("[data-state]").textContent = say("silent");
    return good;
  }

  /** Plays channels of samples, one after the other with breaks; resolves when the last has sounded. */
  #sounds(all) {
    let at = this.#sound.currentTime + 0.1;
    let last;
    for (const channels of all) {
      const buffer = this.#sound.createBuffer(2, channels[0].length, this.#sound.sampleRate);
      channels.forEach((samples, channel) => buffer.copyToChannel(samples, channel));
      last = new AudioBufferSourceNode(this.#sound, { buffer });
      last.connect(this.#sound.destination);
      last.start(at);
      at += buffer.duration + BREAK_S;
    }
    return new Promise((done) => last.addEventListener("ended", done, { once: true }));
  }

  async #noise() {
    if (this.#sounding || !(await this.#running())) return;
    this.#sounding = true;
    const draw = numbers(1);
    const rate = this.#sound.sampleRate;
    const samples = Float32Array.from({ length: NOISE_S * rate }, (_, i) => 0.2 * (draw() * 2 - 1) * Math.min(1, i / (rate / 10), (NOISE_S * rate - 1 - i) / (rate / 10)));
    await this.#sounds([[samples, samples]]);
    this.#sounding = false;
  }

  async #play() {
    if (this.#sounding || this.#answers.length === TRIALS || !(await this.#running())) return;
    this.#sounding = true;
    this.querySelector("[data-play]").disabled = true;
    this.querySelector("[data-state]").textContent = say("trial", { n: this.#answers.length + 1, of: TRIALS });
    await this.#sounds(this.#orders[this.#answers.length].map((kind) => tone(kind, this.#sound.sampleRate)));
    this.#sounding = false;
    this.#played = this.#answers.length + 1;
    for (const button of this.querySelectorAll("[data-answer]")) button.disabled = false;
    this.querySelector("[data-play]").disabled = false; // to hear the same three again
  }

  async #answer(which) {
    if (this.#sounding || this.#played !== this.#answers.length + 1) return;
    this.#answers.push(which);
    for (const button of this.querySelectorAll("[data-answer]")) button.disabled = true;
    if (this.#answers.length < TRIALS) { this.#play(); return; }
    this.querySelector("[data-play]").disabled = true;
    await measured(this, this.dataset.url, { ticket: this.dataset.ticket, answers: this.#answers, device: { rate_hz: this.#sound.sampleRate } });
  }
}

customElements.define("headphone-check", HeadphoneCheck);
