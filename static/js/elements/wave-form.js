// <wave-form data-peaks>: the sound of one track along the time-line, past and future apart, and a line where playing stands.
//
// The server answers GET peaks?from_us=&to_us=&columns= with int8 pairs, the least and greatest of each column; an hour of sound is
// never fetched to draw it. The drawing is decoration; the transport says it in words.

import { address, bytes } from "#app/lib/bytes.js";
import { LaneElement, make } from "#app/lib/lane.js";
import { filling, outline, pairsOf } from "#app/lib/peaks.js";

class WaveForm extends LaneElement {
  #past = null;
  #veil = null;
  #cap = null;
  #scale = null; // kept while zooming, so that what is loud stays so

  async draw(fromUs, toUs, columns, signal) {
    const pairs = pairsOf(await bytes(address(this.dataset.peaks, { from_us: fromUs, to_us: toUs, columns }), { signal }));
    this.#scale ??= filling(pairs);
    const path = outline(pairs.map(([low, high]) => [Math.max(-128, low * this.#scale), Math.min(127, high * this.#scale)]));
    const inner = () => make("svg", { viewBox: `0 0 ${Math.max(1, pairs.length - 1)} 100`, preserveAspectRatio: "none", width: "100%", height: "100%" });
    const [all, past] = [inner(), inner()];
    all.append(make("path", { d: path }));
    past.append(make("path", { d: path, class: "past" }));
    // The past is the same picture behind a window that grows.
    const veil = make("svg", { width: "0%", height: "100%" });
    veil.append(past);
    const cap = make("svg", { x: "0%", width: "1", height: "6", overflow: "visible" });
    cap.append(make("path", { class: "head-cap", d: "M-5 0h10l-5 6z" }));
    const node = make("svg", { height: "100%", overflow: "visible" });
    node.append(all, veil);
    Object.assign(this, { span: [fromUs, toUs] });
    [this.#past, this.#veil, this.#cap] = [past, veil, cap];
    this.picture(node, fromUs, toUs, [cap]);
  }

  move(us) {
    super.move(us);
    if (!this.#veil) return;
    const share = Math.min(1, Math.max(0, (us - this.span[0]) / (this.span[1] - this.span[0])));
    this.#veil.setAttribute("width", `${(share * 100).toFixed(2)}%`);
    if (share > 0) this.#past.setAttribute("width", `${(100 / share).toFixed(2)}%`);
    this.#cap.setAttribute("x", `${this.share(us)}%`);
  }
}

customElements.define("wave-form", WaveForm);
