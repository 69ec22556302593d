// <emotion-wheel>: a spoke for each emotion, a bead for each intensity. Every spoke is a slider of its own to a screen reader:
// left and right go around, up and down make stronger and weaker, digits set the ring, Delete takes back. A press on a bead sets
// it, a second one takes it back, and pulling along the spoke changes it. `value` is [{label, intensity}], in order of choosing.

const SPARE = 14; // units beyond the rim or the hub in which a press still means the nearest ring

class EmotionWheel extends HTMLElement {
  #abort = null;
  #chosen = new Map();
  #pulled = null; // the spoke that is being pulled: {label, before}

  connectedCallback() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const svg = this.#svg;
    svg.addEventListener("pointerdown", (event) => { if (event.button === 0) this.#press(event); }, { signal });
    svg.addEventListener("pointermove", (event) => this.#move(event), { signal });
    svg.addEventListener("pointerup", () => this.#release(), { signal });
    svg.addEventListener("pointercancel", () => this.#release(), { signal });
    svg.addEventListener("pointerleave", () => this.#hub(), { signal });
    svg.addEventListener("keydown", (event) => this.#key(event), { signal });
    svg.addEventListener("focusin", () => this.#hub(), { signal });
    this.addEventListener("click", (event) => {
      const label = event.target.closest?.("[data-take]")?.dataset.take;
      if (label) { this.#set(label, 0); this.#spoke(label).focus(); }
    }, { signal });
    this.#show();
  }

  disconnectedCallback() { this.#abort?.abort(); }

  get #svg() { return this.querySelector("svg.wheel"); }

  get #spokes() { return [...this.querySelectorAll("[role=slider]")]; }

  #spoke(label) { return this.#spokes.find(({ dataset }) => dataset.label === label); }

  get #rings() { return Number(this.dataset.rings); }

  get value() { return [...this.#chosen].map(([label, intensity]) => ({ label, intensity })); }

  set value(list) {
    this.#chosen = new Map((list ?? []).map(({ label, intensity }) => [label, intensity]));
    this.#show();
  }

  /** Sets a ring, 0 takes it back. One choice replaces the one before; more than allowed are refused in words. */
  #set(label, ring) {
    const most = Number(this.dataset.most);
    this.querySelector("[data-said]").textContent = "";
    if (ring && !this.#chosen.has(label) && this.#chosen.size >= most) {
      if (most > 1) { this.querySelector("[data-said]").textContent = this.dataset.full; return false; }
      this.#chosen.clear();
    }
    if (ring) this.#chosen.set(label, ring); else this.#chosen.delete(label);
    this.#show();
    this.dispatchEvent(new Event("input", { bubbles: true }));
    return true;
  }

  /** Which spoke and ring lie under the pointer. */
  #under(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.#svg.getScreenCTM().inverse());
    const [x, y] = [point.x - 200, point.y - 200];
    const far = Math.hypot(x, y);
    const angle = (Math.atan2(x, -y) * 180 / Math.PI + 360) % 360;
    const away = (spoke) => { const d = Math.abs(Number(spoke.dataset.angle) - angle) % 360; return Math.min(d, 360 - d); };
    const spoke = this.#spokes.reduce((best, one) => (away(one) < away(best) ? one : best));
    const beads = [...spoke.querySelectorAll(".dot")].map((dot) => ({ ring: Number(dot.dataset.ring), far: Math.hypot(dot.getAttribute("cx") - 200, dot.getAttribute("cy") - 200) }));
    const bead = beads.reduce((best, one) => (Math.abs(one.far - far) < Math.abs(best.far - far) ? one : best));
    const inside = far > beads[0].far - SPARE && far < beads.at(-1).far + SPARE;
    return { label: spoke.dataset.label, ring: bead.ring, inside, spoke };
  }

  #press(event) {
    const named = event.target.closest?.("text")?.closest("[role=slider]");
    const { label, ring, inside, spoke } = this.#under(event);
    if (!inside) { (named ?? null)?.focus(); return; }
    event.preventDefault();
    spoke.focus({ preventScroll: true });
    this.#svg.setPointerCapture(event.pointerId);
    const before = this.#chosen.get(label) ?? 0;
    if (before === ring) this.#pulled = { label, back: true };
    else if (this.#set(label, ring)) this.#pulled = { label, back: false };
  }

  #move(event) {
    const { label, ring, inside } = this.#under(event);
    if (!this.#pulled) { this.#hub(inside ? { label, ring } : null); return; }
    const far = this.#under(event).ring;
    if (far !== this.#chosen.get(this.#pulled.label)) { this.#pulled.back = false; this.#set(this.#pulled.label, far); }
  }

  #release() {
    if (this.#pulled?.back) this.#set(this.#pulled.label, 0);
    this.#pulled = null;
  }

  #key(event) {
    const spoke = event.target.closest("[role=slider]");
    if (!spoke || event.ctrlKey || event.metaKey || event.altKey) return;
    const { label } = spoke.dataset;
    const now = this.#chosen.get(label) ?? 0;
    const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
    const around = { ArrowRight: 1, ArrowLeft: -1 }[event.code];
    const rings = { ArrowUp: Math.min(now + 1, this.#rings), ArrowDown: Math.max(now - 1, 0), Home: 1, End: this.#rings, Delete: 0, Backspace: 0 }[event.code];
    if (around) {
      const order = this.#spokes.sort((a, b) => a.dataset.angle - b.dataset.angle);
      order.at((order.indexOf(spoke) + around) % order.length).focus();
    } else if (digit !== undefined && Number(digit) <= this.#rings) this.#set(label, Number(digit));
    else if (rings !== undefined) { if (rings !== now) this.#set(label, rings); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #show() {
    for (const spoke of this.#spokes) {
      const ring = this.#chosen.get(spoke.dataset.label) ?? 0;
      spoke.setAttribute("aria-valuenow", ring);
      spoke.setAttribute("aria-valuetext", ring ? this.#said(ring) : this.dataset.none);
      spoke.toggleAttribute("data-on", ring > 0);
      for (const dot of spoke.querySelectorAll(".dot")) {
        const own = Number(dot.dataset.ring);
        dot.classList.toggle("on", ring > 0 && own <= ring);
        dot.classList.toggle("top", own === ring);
      }
    }
    const first = this.#spoke([...this.#chosen.keys()][0]) ?? this.#spokes[0];
    if (!this.contains(document.activeElement)) for (const spoke of this.#spokes) spoke.setAttribute("tabindex", spoke === first ? "0" : "-1");
    this.querySelector("[data-chosen]").replaceChildren(...[...this.#chosen].map(([label, ring]) => this.#chip(label, ring)));
    this.#hub();
  }

  #said(ring) { return this.dataset.value.replace("{ring}", ring).replace("{rings}", this.#rings); }

  #chip(label, ring) {
    const spoke = this.#spoke(label), name = spoke.getAttribute("aria-label");
    const item = document.createElement("li"), button = document.createElement("button");
    item.className = "badge";
    for (const token of ["e", "m"]) if (token in spoke.dataset) item.dataset[token] = spoke.dataset[token];
    button.type = "button";
    button.dataset.take = label;
    button.setAttribute("aria-label", this.dataset.remove.replace("{what}", name));
    button.textContent = "×";
    item.append(`${name} ${this.#said(ring)}`, button);
    return item;
  }

  /** The hub reads what is under the hand, or has focus. */
  #hub(under = null) {
    const focused = this.#spokes.find((spoke) => spoke === document.activeElement);
    const label = under?.label ?? focused?.dataset.label;
    const ring = under?.ring ?? this.#chosen.get(label);
    for (const spoke of this.#spokes) {
      spoke.toggleAttribute("data-under", spoke.dataset.label === label);
      if (focused) spoke.setAttribute("tabindex", spoke === focused ? "0" : "-1");
    }
    this.querySelector("[data-hub-name]").textContent = label ? this.#spoke(label).getAttribute("aria-label") : "";
    this.querySelector("[data-hub-ring]").textContent = label && ring ? this.#said(ring) : "";
  }
}

customElements.define("emotion-wheel", EmotionWheel);
