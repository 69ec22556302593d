import assert from "node:assert/strict";
import { test } from "node:test";

import { parse, write } from "#app/lib/facs.js";
import { rows, Segments } from "#app/lib/segments.js";
import { Timescale } from "#app/lib/timescale.js";

const S = 1_000_000;
const TIERS = [{ id: "face", overlap: false, shortest_us: 100_000, longest_us: 8 * S }, { id: "voice", overlap: true, shortest_us: 1, longest_us: null }];
const fresh = (...list) => { const line = new Segments(TIERS, [0, 20 * S]); line.value = list; return line; };
const seg = (start, end, more = {}) => ({ tier: "face", start_us: start * S, end_us: end * S, label: "joy", ...more });
const times = (line) => line.all.map(({ start_us, end_us }) => [start_us / S, end_us / S]);

test("what is painted over what may not overlap makes it give way, and is undone in one step", () => {
  const line = fresh(seg(1, 3), seg(4, 6), seg(8, 9));
  line.paint(seg(2, 5, { label: "anger" }));
  assert.deepEqual(times(line), [[1, 2], [2, 5], [5, 6], [8, 9]]);
  line.paint(seg(0.95, 2.05));
  assert.deepEqual(times(line), [[0.95, 2.05], [2.05, 5], [5, 6], [8, 9]], "rests shorter than the tier allows are gone");
  line.undo();
  line.undo();
  assert.deepEqual(times(line), [[1, 3], [4, 6], [8, 9]]);
  assert.equal(line.undo(), false);
});

test("painting inside a segment leaves both its ends", () => {
  const line = fresh(seg(1, 9, { apex_us: 8 * S }));
  line.paint(seg(4, 5, { label: "anger" }));
  assert.deepEqual(line.value.map(({ start_us, end_us, label, apex_us }) => [start_us / S, end_us / S, label, apex_us]), [[1, 4, "joy", undefined], [4, 5, "anger", undefined], [5, 9, "joy", 8 * S]]);
});

test("a tier that allows it keeps what overlaps", () => {
  const line = fresh({ tier: "voice", start_us: 0, end_us: 5 * S, label: "laugh" });
  line.paint({ tier: "voice", start_us: S, end_us: 2 * S, label: "cry" });
  assert.deepEqual(times(line), [[0, 5], [1, 2]]);
  const { placed, count } = rows(line.all);
  assert.deepEqual([[...placed.values()], count], [[0, 1], 2]);
});

test("an edge stops at the neighbour, at the shortest, at the longest and at the media", () => {
  const line = fresh(seg(1, 3), seg(4, 6));
  const [first, second] = line.all.map(({ id }) => id);
  assert.equal(line.edge(first, "end", 5 * S), 4 * S);
  assert.equal(line.edge(first, "end", 0), 1.1 * S);
  assert.equal(line.edge(second, "start", 0), 3 * S);
  assert.equal(line.edge(second, "end", 19 * S), 12 * S);
  assert.equal(line.edge(first, "start", -5), 0);
});

test("a whole segment moves with its apex and not into its neighbours", () => {
  const line = fresh(seg(1, 3, { apex_us: 2 * S }), seg(4, 6));
  const [one] = line.all;
  assert.deepEqual(line.moved(one.id, 2.9 * S), { start_us: 2 * S, end_us: 4 * S, apex_us: 3 * S });
  assert.deepEqual(line.moved(one.id, -S), { start_us: 0, end_us: 2 * S, apex_us: S });
});

test("split makes two that touch, merge makes one again, and the apex stays where it was", () => {
  const line = fresh(seg(1, 5, { apex_us: 4 * S, intensity: 2 }), seg(9, 10));
  const second = line.split(line.all[0].id, 3 * S);
  assert.deepEqual(times(line), [[1, 3], [3, 5], [9, 10]]);
  assert.equal(line.all[0].apex_us, undefined);
  assert.equal(line.get(second).apex_us, 4 * S);
  assert.equal(line.split(second, 3.05 * S), null, "nothing is made that is too short");
  assert.equal(line.merge(line.all[0].id), true);
  assert.deepEqual(times(line), [[1, 5], [9, 10]]);
  assert.equal(line.merge(line.all[0].id), false, "nine seconds are longer than the tier allows");
});

test("nothing new begins where a segment is, and it ends where the next one begins", () => {
  const line = fresh(seg(1, 3), seg(4, 6));
  assert.equal(line.add(seg(2, 9)), null);
  const id = line.add(seg(3, 9));
  assert.equal(line.get(id).end_us, 4 * S);
  assert.deepEqual(line.value[1], { tier: "face", start_us: 3 * S, end_us: 4 * S, label: "joy" }, "the wire knows no id");
});

test("snapping takes the nearest edge or mark, then the frame, and nothing that is too far", () => {
  const line = fresh(seg(1, 3), seg(4, 6));
  const frames = Array.from({ length: 500 }, (_, i) => i * 40_000);
  const snap = (us, more = {}) => line.snapped(us, { tolerance: 60_000, marks: [2 * S], frames, ...more });
  assert.equal(snap(3.05 * S), 3 * S);
  assert.equal(snap(2.01 * S), 2 * S);
  assert.equal(snap(10.03 * S), 10.04 * S);
  assert.equal(line.snapped(10.03 * S, { tolerance: 5_000, frames }), 10.03 * S);
  assert.equal(snap(3.02 * S, { except: line.all[0].id, frames: [] }), 3.02 * S);
});

test("a window holds what it is told, zooms around a time and turns the page", () => {
  const scale = new Timescale([0, 100 * S]);
  scale.width = 1000;
  assert.equal(scale.x(50 * S), 500);
  scale.zoom(0.1, 50 * S);
  assert.deepEqual([scale.from, scale.to], [45 * S, 55 * S]);
  assert.equal(scale.us(scale.x(47 * S)), 47 * S);
  assert.equal(scale.follow(50 * S), false);
  assert.equal(scale.follow(56 * S), true);
  assert.ok(scale.from <= 56 * S && scale.to > 56 * S);
  scale.show(99 * S);
  assert.equal(scale.to, 100 * S);
  scale.zoom(1e-9, 99 * S);
  assert.equal(scale.length, 200_000, "closer shows nothing more");
  const { times: ticks } = scale.ticks();
  for (let i = 1; i < ticks.length; i++) assert.ok(scale.x(ticks[i]) - scale.x(ticks[i - 1]) >= 72);
});

test("what is within a window is found, also what only reaches into it", () => {
  const line = fresh(...Array.from({ length: 500 }, (_, i) => ({ tier: "voice", start_us: i * 30_000, end_us: i * 30_000 + 29_000, label: "laugh" })));
  assert.equal(line.within(0, 20 * S).length, 500);
  assert.deepEqual(line.within(45_000, 61_000).map(({ start_us }) => start_us), [30_000, 60_000]);
});

test("action units are read and written as coders do", () => {
  assert.deepEqual(parse("1b+2 , au12D r14c").units, [{ number: "1", intensity: "B" }, { number: "2" }, { number: "12", intensity: "D" }, { number: "14", intensity: "C", side: "right" }]);
  assert.deepEqual(parse("1F+x+L").unknown, ["1F", "X", "L"]);
  assert.deepEqual(parse("1A+1C").units, [{ number: "1", intensity: "C" }]);
  assert.equal(write(parse("L12D+4+A6B").units), "L12D+4+A6B");
});
