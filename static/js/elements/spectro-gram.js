// <spectro-gram data-spectrogram>: how much sound there is at each pitch, under the waveform.
//
// The server tells once what levels of detail there are, then gives tiles of 256 columns; of the level that suits the view only those
// in sight are fetched, and the last ones are kept. A cell is the element's text colour, as opaque as it is loud: light and dark are
// the style's business, and the same sound looks the same in every recording.

import { LaneElement } from "#app/lib/lane.js";
import { levelFor, paint } from "#app/lib/spectrum.js";

const KEPT = 48; // tiles: 1.5 MB

class SpectroGram extends LaneElement {
  #told = null;
  #tiles = new Map();
  #canvas = null;
  #drawn = null;

  connectedCallback() {
    super.connectedCallback();
    const repaint = () => this.#paint();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint, { signal: this.signal });
    const theme = new MutationObserver(repaint);
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "class"] });
    this.signal.addEventListener("abort", () => theme.disconnect());
  }

  async draw(fromUs, toUs, columns, signal) {
    this.#told ??= await (await this.ask(this.dataset.spectrogram, {}, signal)).json();
    const { levels, tile_columns: wide } = this.#told;
    const [begin, end] = [this.#onTrack(fromUs), this.#onTrack(toUs)];
    const level = levelFor(levels, end - begin, columns);
    const { column_us: columnUs, columns: all } = levels[level];
    const first = Math.min(all - 1, Math.max(0, Math.floor(begin / columnUs)));
    const last = Math.min(all, Math.max(first + 1, Math.ceil(end / columnUs)));
    const numbers = Array.from({ length: Math.ceil(last / wide) - Math.floor(first / wide) }, (_, i) => Math.floor(first / wide) + i);
    const tiles = await Promise.all(numbers.map((number) => this.#tile(level, number, signal)));
    this.#drawn = { tiles, first, last, offset: numbers[0] * wide, fromUs: this.#onRecording(first * columnUs), toUs: this.#onRecording(last * columnUs) };
    this.#paint();
  }

  async #tile(level, number, signal) {
    const key = `${level}/${number}`;
    const there = this.#tiles.get(key) ?? new Uint8Array(await (await this.ask(this.dataset.spectrogram, { level, tile: number }, signal)).arrayBuffer());
    this.#tiles.delete(key); // the one used last comes last, and goes last
    this.#tiles.set(key, there);
    if (this.#tiles.size > KEPT) this.#tiles.delete(this.#tiles.keys().next().value);
    return there;
  }

  #paint() {
    if (!this.#drawn) return;
    const { tiles, first, last, offset, fromUs, toUs } = this.#drawn;
    const { bands, steps } = this.#told;
    this.#canvas ??= this.querySelector("canvas");
    this.#canvas.width = last - first;
    this.#canvas.height = bands;
    const context = this.#canvas.getContext("2d");
    const colour = this.#colour(context);
    let at = offset - first;
    for (const tile of tiles) {
      const image = context.createImageData(tile.length / bands, bands);
      paint(image.data, tile, bands, steps, colour);
      context.putImageData(image, at, 0);
      at += image.width;
    }
    this.picture(this.#canvas, fromUs, toUs);
  }

  /** The element's colour as the three numbers of a pixel, whatever space the style says it in. */
  #colour(context) {
    context.fillStyle = getComputedStyle(this).color;
    context.fillRect(0, 0, 1, 1);
    return context.getImageData(0, 0, 1, 1).data;
  }

  #onTrack(us) { return (us - Number(this.dataset.offsetUs)) / (1 + Number(this.dataset.driftPpb) / 1e9) - Number(this.dataset.trackStartUs); }

  #onRecording(us) { return (us + Number(this.dataset.trackStartUs)) * (1 + Number(this.dataset.driftPpb) / 1e9) + Number(this.dataset.offsetUs); }
}

customElements.define("spectro-gram", SpectroGram);
