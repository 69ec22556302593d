// <signal-lane data-lane>: a signal (physiology, a feature, what a model says) under the recording, on the same clock.
//
// The server answers GET lane?from_us=&to_us=&columns= with {from_us, to_us, unit, minimum, maximum, lows: [], highs: []}: the
// least and greatest value of each column, so no peak is lost at any zoom; null where there is no data.

import { LaneElement, make } from "#app/lib/lane.js";
import { signalPath } from "#app/lib/peaks.js";
import { say } from "#app/lib/texts.js";

class SignalLane extends LaneElement {
  async draw(fromUs, toUs, columns, signal) {
    const reply = await this.ask(this.dataset.lane, { from_us: fromUs, to_us: toUs, columns: Math.min(1000, columns) }, signal);
    const lane = await reply.json();
    const node = make("svg", { viewBox: `0 0 ${Math.max(1, lane.lows.length - 1)} 100`, preserveAspectRatio: "none", height: "100%", overflow: "visible" });
    node.append(make("path", { class: "sig", d: signalPath(lane.lows, lane.highs, lane.minimum, lane.maximum) }));
    this.#unit(lane.lows.every((low) => low === null) ? say("lane.missing") : lane.unit || this.dataset.unit || "");
    this.picture(node, lane.from_us, lane.to_us);
  }

  failed() { this.#unit(say("lane.missing")); }

  #unit(text) { this.querySelector("[data-unit]").textContent = text; }
}

customElements.define("signal-lane", SignalLane);
