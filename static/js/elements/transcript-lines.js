// <transcript-lines>: what is said, following along. Lines that know their times (data-from-us, data-to-us) light up while they are
// spoken, and where the times of words are known (data-words, µs of each) so do the words. A line leads to where it is said.
// Speaks: segments:changed, so that the player's keys go from line to line.

import { wordAt } from "#app/lib/words.js";

class TranscriptLines extends HTMLElement {
  #abort = null;
  #player = null;
  #lines = [];
  #at = -2; // the line that is lit

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const root = this.closest(".work") ?? document;
    this.#player = root.querySelector("media-player");
    this.#lines = [...this.querySelectorAll("p[data-from-us]")].map((node) => ({
      node,
      text: node.textContent,
      fromUs: Number(node.dataset.fromUs),
      toUs: Number(node.dataset.toUs),
      words: node.dataset.words ? node.dataset.words.split(" ").map(Number) : [],
      button: node.previousElementSibling,
    }));
    root.addEventListener("player:time", ({ detail }) => this.#follow(detail.us), { signal });
    this.addEventListener("click", (event) => this.#go(event), { signal });
    const tell = () => this.dispatchEvent(new CustomEvent("segments:changed", {
      bubbles: true, detail: { source: "transcript", spans: this.#lines.map(({ fromUs, toUs }) => [fromUs, toUs]) },
    }));
    customElements.whenDefined("media-player").then(() => {
      if (signal.aborted) return;
      tell();
      this.#follow(this.#player?.nowUs ?? 0);
    });
  }

  disconnectedCallback() { this.#abort?.abort(); }

  #go(event) {
    if (this.hasAttribute("data-locked") || String(getSelection())) return;
    const line = this.#lines.find(({ node, button }) => node.contains(event.target) || button.contains(event.target));
    if (line) this.#player?.seek(line.fromUs, { why: "transcript" });
  }

  #follow(us) {
    const at = this.#lines.findLastIndex((line) => line.fromUs <= us);
    const lit = at >= 0 && us < this.#lines[at].toUs ? at : -1;
    if (lit !== this.#at) {
      const before = this.#lines[this.#at];
      before?.node.replaceChildren(before.text);
      before?.button.removeAttribute("aria-current");
      this.#at = lit;
      this.#lines.forEach(({ node, fromUs }) => node.classList.toggle("ahead", fromUs > us));
      this.#lines[lit]?.button.setAttribute("aria-current", "true");
      if (lit >= 0) this.#bring(this.#lines[lit].node);
    }
    const line = this.#lines[lit];
    if (!line?.words.length) return;
    const word = wordAt(line.text, line.words, us);
    if (word && line.node.dataset.word !== String(word.begin)) {
      line.node.dataset.word = word.begin;
      const mark = Object.assign(document.createElement("mark"), { textContent: line.text.slice(word.begin, word.end) });
      const rest = Object.assign(document.createElement("span"), { className: "ahead", textContent: line.text.slice(word.end) });
      line.node.replaceChildren(line.text.slice(0, word.begin), mark, rest);
    }
  }

  /** Into sight inside its own box; the page itself is not moved under anybody's hands. */
  #bring(node) {
    const [box, at] = [this.getBoundingClientRect(), node.getBoundingClientRect()];
    if (at.top < box.top) this.scrollTop += at.top - box.top - 8;
    if (at.bottom > box.bottom) this.scrollTop += at.bottom - box.bottom + 8;
  }
}

customElements.define("transcript-lines", TranscriptLines);
