// The hand on a timeline: press, drag, pinch and wheel become acts on segments and on the window. Edges may be taken a little
// beside them, more for a finger than for a mouse; a finger that pulls where nothing is moves the window, a mouse draws there.

const NEAR = { mouse: 7, pen: 10, touch: 22 };
const STILL = 4; // pixels that are no drag

export class Hand {
  #view;
  #line;
  #drag = null;
  #fingers = new Map();

  /** `line`: the timeline with scale, segments, lanes, selected and its acts. */
  constructor(view, line, signal) {
    [this.#view, this.#line] = [view, line];
    const on = (name, what, options = {}) => view.addEventListener(name, what, { signal, ...options });
    on("pointerdown", (event) => this.#down(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", (event) => this.#up(event));
    on("pointercancel", (event) => this.#up(event));
    on("wheel", (event) => this.#wheel(event), { passive: false });
  }

  #place(event) {
    const box = this.#view.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const lane = this.#line.lanes.tiers.find(({ top, height }) => y >= top && y < top + height);
    return { x, y, us: this.#line.scale.us(x), tier: lane?.id ?? null };
  }

  /** What lies there: an edge of a segment (the selected one first), or a segment. */
  #hit({ x, us, tier }, kind) {
    const { scale, segments, selected } = this.#line;
    const near = NEAR[kind] ?? NEAR.mouse;
    const around = segments.within(us - near * scale.usPerPixel, us + near * scale.usPerPixel).filter((one) => one.tier === tier);
    around.sort((a, b) => (b.id === selected) - (a.id === selected));
    for (const one of around) {
      const [left, right] = [scale.x(one.start_us), scale.x(one.end_us)];
      // In a short segment each half belongs to its edge's outside, so that the middle still takes the whole.
      const inner = Math.min(near, (right - left) / 4);
      if (x >= left - near && x <= left + inner) return { one, part: "start" };
      if (x >= right - inner && x <= right + near) return { one, part: "end" };
    }
    const inside = around.find((one) => one.start_us <= us && us < one.end_us);
    return inside ? { one: inside, part: "whole" } : null;
  }

  #down(event) {
    if (event.button !== 0) return;
    const line = this.#line, at = this.#place(event);
    this.#view.focus({ preventScroll: true });
    this.#view.setPointerCapture(event.pointerId);
    this.#fingers.set(event.pointerId, at.x);
    if (this.#fingers.size === 2) { this.#drag = { what: "pinch", apart: this.#apart }; return; }
    const touch = event.pointerType === "touch";
    if (at.tier === null) { this.#drag = { what: "scrub" }; line.seek(at.us); return; }
    line.tier = at.tier;
    const hit = this.#hit(at, event.pointerType);
    if (hit) {
      const known = line.selected === hit.one.id;
      line.select(hit.one.id);
      // A finger takes hold of what is selected already; before that it selects.
      const held = !touch || known;
      this.#drag = { what: held ? hit.part : "pan", id: hit.one.id, from: at, offset: at.us - hit.one.start_us, begun: false };
    } else {
      line.select(null);
      this.#drag = { what: touch ? "pan" : "draw", from: at, tier: at.tier, window: line.scale.from, id: null };
    }
    this.#drag.window = line.scale.from;
  }

  get #apart() { const [a, b] = [...this.#fingers.values()]; return Math.max(20, Math.abs(a - b)); }

  #move(event) {
    const line = this.#line, at = this.#place(event), drag = this.#drag;
    if (!drag) { this.#hover(at, event.pointerType); return; }
    if (this.#fingers.has(event.pointerId)) this.#fingers.set(event.pointerId, at.x);
    if (drag.what === "pinch") {
      const [a, b] = [...this.#fingers.values()];
      line.scale.zoom(drag.apart / this.#apart, line.scale.us((a + b) / 2));
      drag.apart = this.#apart;
      line.drawn();
      return;
    }
    if (drag.what === "scrub") { line.seek(at.us); return; }
    if (!drag.moved && Math.abs(at.x - drag.from.x) < STILL) return;
    drag.moved = true;
    if (drag.what === "pan") { line.scale.show(drag.window - (at.x - drag.from.x) * line.scale.usPerPixel); line.drawn(); return; }
    if (drag.what === "draw") { this.#draw(drag, at, event); return; }
    if (!drag.begun) { line.segments.begin(); drag.begun = true; }
    const free = event.altKey;
    if (drag.what === "whole") {
      const one = line.segments.get(drag.id), start = line.snap(at.us - drag.offset, { except: drag.id, free });
      const end = line.snap(at.us - drag.offset + one.end_us - one.start_us, { except: drag.id, free });
      const byEnd = Math.abs(end - (at.us - drag.offset + one.end_us - one.start_us)) < Math.abs(start - (at.us - drag.offset)) || start === Math.round(at.us - drag.offset);
      line.segments.set(drag.id, line.segments.moved(drag.id, byEnd ? end - (one.end_us - one.start_us) : start), { quiet: true });
    } else {
      const us = line.segments.edge(drag.id, drag.what, line.snap(at.us, { except: drag.id, free }));
      line.segments.set(drag.id, { [`${drag.what}_us`]: us }, { quiet: true });
      line.show(us);
    }
    line.drawn();
  }

  /** A new segment grows between where the mouse was pressed and where it is; then it waits for its label. */
  #draw(drag, at, event) {
    const line = this.#line, free = event.altKey;
    const [a, b] = [line.snap(drag.from.us, { free }), line.snap(at.us, { free })];
    const room = line.segments.room(drag.tier, drag.from.us);
    if (!room) return;
    const [from, to] = [Math.max(room[0], Math.min(a, b)), Math.min(room[1], Math.max(a, b))];
    line.live = to > from ? { tier: drag.tier, start_us: from, end_us: to } : null;
    line.grown();
  }

  #up(event) {
    const line = this.#line, drag = this.#drag;
    this.#fingers.delete(event.pointerId);
    if (!drag) return;
    this.#drag = null;
    if (drag.what === "draw" && line.live) {
      const made = line.live;
      line.live = null;
      line.made(line.segments.add(made));
    } else if (drag.begun) {
      line.changed();
    } else if (drag.what === "draw" || (drag.what === "pan" && !drag.moved && drag.id === null)) {
      line.seek(drag.from.us);
    }
  }

  #hover(at, kind) {
    const hit = at.tier === null ? null : this.#hit(at, kind);
    this.#view.dataset.over = at.tier === null ? "time" : hit ? (hit.part === "whole" ? "whole" : "edge") : "free";
  }

  #wheel(event) {
    const line = this.#line;
    const sideways = event.shiftKey ? event.deltaY : event.deltaX;
    if (event.ctrlKey || event.metaKey) line.scale.zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, this.#place(event).us);
    else if (Math.abs(sideways) > 0) line.scale.show(line.scale.from + sideways * line.scale.usPerPixel);
    else return; // the page scrolls
    event.preventDefault();
    line.drawn();
  }
}
