import assert from "node:assert/strict";
import { test } from "node:test";

import { KeyHand, REPEAT_MS, travel } from "#app/lib/hands.js";
import { earlier, encode, FLAG, Hand, join, MAX_GAP_US, OWED_US, owed, Sampler, SOUND_US, STEP_US } from "#app/lib/trace.js";

// A player reduced to what the sampler sees of one: media time as a function of ticks, at some speed, with holes.
function play(sampler, { from = 0, ticks, tickMs = 16.7, rate = 1, value = (us) => Math.sin(us / 1e6), jitter = () => 0 }) {
  let us = from;
  for (let i = 0; i < ticks; i++) {
    us += tickMs * 1000 * rate + jitter(i);
    sampler.sample(us, value(us));
  }
  return us;
}

function check(samples) {
  for (let i = 0; i < samples.length; i++) {
    const { us, value, flags } = samples[i];
    assert.ok(Number.isSafeInteger(us), "whole microseconds");
    assert.ok(value >= -1 && value <= 1, "value within bounds");
    if (i === 0) continue;
    const step = us - samples[i - 1].us;
    assert.ok(step > 0, "time strictly increases");
    if (step > MAX_GAP_US) assert.notEqual(flags, 0, "a hole is marked");
  }
}

const rateOf = (samples) => (samples.length - 1) / ((samples.at(-1).us - samples[0].us) / 1e6);

test("it works: a minute of play gives at least ten samples a second and no hole", () => {
  const sampler = new Sampler();
  play(sampler, { ticks: 3600 });
  const samples = join([sampler.chunk()]);
  check(samples);
  assert.ok(rateOf(samples) >= 10, `${rateOf(samples)} Hz`);
  assert.ok(sampler.stats.largestGapUs <= MAX_GAP_US);
  assert.ok(samples.every((sample) => sample.flags === 0));
});

for (const rate of [0.5, 1, 2]) {
  test(`at speed ${rate} media time still carries at least ten samples a second`, () => {
    const sampler = new Sampler();
    play(sampler, { ticks: 600, rate });
    const samples = join([sampler.chunk()]);
    check(samples);
    assert.ok(rateOf(samples) >= 10);
    assert.ok(rateOf(samples) <= 1e6 / STEP_US + 1);
  });
}

test("a clock that stands still stores nothing twice", () => {
  const sampler = new Sampler();
  assert.ok(sampler.sample(1000, 0));
  assert.equal(sampler.sample(1000, 0.5), null);
  assert.equal(sampler.sample(900, 0.5), null);
  assert.equal(sampler.waiting, 1);
});

test("a frozen page leaves a marked hole, not an invented value", () => {
  const sampler = new Sampler();
  const end = play(sampler, { ticks: 60 });
  const late = sampler.sample(end + 900_000, 0.2);
  assert.equal(late.flags, FLAG.GAP);
  assert.equal(play(sampler, { from: late.us, ticks: 1 }) > late.us, true);
  const samples = join([sampler.chunk()]);
  check(samples);
  assert.equal(samples.filter((sample) => sample.flags).length, 1);
});

test("an interruption and another device are marked on the sample after them, even when the clock has hardly moved", () => {
  const sampler = new Sampler();
  let us = play(sampler, { ticks: 30 });
  sampler.interrupt();
  assert.equal(sampler.sample(us + 5000, 0).flags, FLAG.GAP);
  us = play(sampler, { from: us + 5000, ticks: 30 });
  sampler.changeInput();
  assert.equal(sampler.sample(us + 5000, 0).flags, FLAG.INPUT);
  us = play(sampler, { from: us + 5000, ticks: 30 });
  sampler.interrupt();
  sampler.changeInput();
  assert.equal(sampler.sample(us + 900_000, 0).flags, FLAG.GAP | FLAG.INPUT);
  check(join([sampler.chunk()]));
});

test("an interruption before the first sample marks nothing", () => {
  const sampler = new Sampler();
  sampler.interrupt();
  assert.equal(sampler.sample(0, 0).flags, 0);
});

test("rating five seconds again replaces them, whether they were sent or not", () => {
  for (const sent of [true, false]) {
    const sampler = new Sampler();
    const chunks = [];
    const end = play(sampler, { ticks: 600, value: () => 0.1 });
    if (sent) chunks.push(sampler.chunk());
    sampler.back(end - 5_000_000);
    play(sampler, { from: end - 5_000_000, ticks: 600, value: () => 0.9 });
    chunks.push(sampler.chunk());
    const samples = join(chunks);
    check(samples);
    const again = samples.filter((sample) => sample.flags & FLAG.BACK);
    assert.equal(again.length, 1);
    assert.ok(again[0].us - (end - 5_000_000) <= 20_000, "it begins with the first moment that played again");
    assert.ok(samples.filter((sample) => sample.us < again[0].us).every((sample) => sample.value === 0.1));
    assert.ok(samples.filter((sample) => sample.us >= again[0].us).every((sample) => sample.value === 0.9));
  }
});

test("every chunk by itself is in order, whatever happened in between", () => {
  let seed = 7;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  for (let round = 0; round < 200; round++) {
    const sampler = new Sampler();
    const chunks = [];
    let us = 0;
    for (let i = 0; i < 60; i++) {
      const dice = random();
      if (dice < 0.7) us = play(sampler, { from: us, ticks: 1 + Math.floor(random() * 20), rate: 0.5 + random(), value: () => random() * 6 - 3 });
      else if (dice < 0.8) sampler[random() < 0.5 ? "interrupt" : "changeInput"]();
      else if (dice < 0.9) { const part = sampler.chunk(); if (part) chunks.push(part); }
      else {
        const part = sampler.chunk();
        if (part) chunks.push(part);
        us = Math.max(0, us - 5_000_000);
        sampler.back(us);
      }
    }
    const last = sampler.chunk();
    if (last) chunks.push(last);
    for (const { times_us: times } of chunks) for (let i = 1; i < times.length; i++) assert.ok(times[i] > times[i - 1]);
    check(join(chunks));
  }
});

test("chunks come out whole from repeats and any order of arrival", () => {
  const sampler = new Sampler();
  const chunks = [];
  let us = 0;
  for (let i = 0; i < 8; i++) { us = play(sampler, { from: us, ticks: 60 }); chunks.push(sampler.chunk()); }
  assert.deepEqual(chunks.map((part) => part.sequence), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(join([chunks[3], ...chunks.toReversed(), chunks[0]]), join(chunks));
});

test("nonsense from the hand or the clock is not stored", () => {
  const sampler = new Sampler();
  assert.equal(sampler.sample(NaN, 0), null);
  assert.equal(sampler.sample(10, NaN), null);
  assert.equal(sampler.sample(10, Infinity), null);
  assert.equal(sampler.chunk(), null);
  assert.equal(sampler.sample(10.4, 3).value, 1);
});

test("a recording taken up again goes on counting and says that there was a pause", () => {
  const sampler = new Sampler({ sequence: 4, lastUs: 2_000_000 });
  assert.equal(sampler.sample(1_990_000, 0), null);
  assert.equal(sampler.sample(2_010_000, 0).flags, FLAG.GAP);
  assert.equal(sampler.chunk().sequence, 4);
});

test("a chunk travels as columns of one length", () => {
  assert.deepEqual(encode(2, [{ us: 5, value: 1 / 3, flags: 0 }]), { sequence: 2, times_us: [5], values: [0.333333], flags: [0] });
});

test("a held key moves the same way however often it is read and however the system repeats", () => {
  const often = new KeyHand(), seldom = new KeyHand();
  often.press(1, 0);
  seldom.press(1, 0);
  for (let now = 1; now <= 400; now++) { often.read(now); if (now % 33 === 0) often.press(1, now); }
  often.release(1, 400);
  seldom.release(1, 400);
  assert.ok(Math.abs(often.value - seldom.value) < 1e-9);
  assert.ok(Math.abs(often.value - travel(400)) < 1e-9);
});

test("a tap moves one step at once, holding gets faster, and the end is the end", () => {
  const hand = new KeyHand();
  hand.press(-1, 100);
  hand.release(-1, 110);
  assert.equal(hand.value, -travel(0));
  const first = travel(REPEAT_MS) - travel(0);
  const later = travel(20 * REPEAT_MS) - travel(19 * REPEAT_MS);
  assert.ok(later > 2 * first);
  hand.press(1, 1000);
  assert.equal(hand.read(60_000), 1);
  hand.press(-1, 60_000); // the other way while still held
  assert.ok(hand.read(60_200) < 1);
});

test("a hand rests between its movements, and a movement told late counts from its own time", () => {
  const hand = new Hand();
  assert.equal(hand.at(5), 0);
  hand.move(100, 0.2);
  hand.move(300, 0.6);
  assert.deepEqual([99, 100, 299, 300, 900].map((ms) => hand.at(ms)), [0, 0.2, 0.2, 0.6, 0.6]);
  hand.move(250, 0.4); // what was believed of the time after it is replaced
  assert.deepEqual([240, 260, 900].map((ms) => hand.at(ms)), [0.2, 0.4, 0.4]);
  hand.forget(260);
  assert.equal(hand.at(260), 0.4);
});

test("a page that is late for half a second owes samples of it, at least ten a second", () => {
  const [last, us, ms] = [{ us: 2_000_000, ms: 900 }, 2_520_000, 1425];
  const made = owed(last, us, ms);
  const times = [last.us, ...made.map((one) => one.us), us];
  for (let i = 1; i < times.length; i++) assert.ok(times[i] - times[i - 1] > 0 && times[i] - times[i - 1] <= 100_000);
  for (const one of made) assert.ok(Math.abs((one.ms - last.ms) * 1000 - (one.us - last.us)) < 1, "each moment at the wall time it played");
});

test("a page owes nothing of what nobody knows", () => {
  const last = { us: 1_000_000, ms: 1000 };
  assert.deepEqual(owed(null, 1_500_000, 1500), [], "no sample before it");
  assert.deepEqual(owed(last, 1_090_000, 1090), [], "not late");
  assert.deepEqual(owed(last, 1_300_000, 1900), [], "the media stood still for a while");
  assert.deepEqual(owed(last, 1_900_000, 1300), [], "the media jumped");
  assert.deepEqual(owed(last, 1_000_000 + OWED_US + 1, 2000), [], "too long ago");
  assert.notDeepEqual(owed(last, 1_300_000, 1900, { ended: true }), [], "media that ended rest at their end");
});

test("a key's value is the same however late and in whatever order it is asked for", () => {
  const [prompt, late] = [new KeyHand(0.9), new KeyHand(0.9)];
  for (const hand of [prompt, late]) hand.press(1, 0);
  for (let ms = 0; ms <= 400; ms += REPEAT_MS) prompt.read(ms);
  late.read(2000); // asked before the release was told
  for (const hand of [prompt, late]) hand.release(1, 400);
  assert.equal(late.value, prompt.value);
  late.press(-1, 1000);
  late.read(3000);
  late.release(-1, 1000 + REPEAT_MS);
  assert.ok(late.value < 1 && late.value > 0.9, `${late.value}`);
});

test("every presented frame of a picture is a sample, at 24, 25, 60 and 120 frames a second and when they vary", () => {
  for (const steps of [[41_667], [40_000], [16_667], [8_333], [40_000, 80_000, 41_000, 120_000, 20_000]]) {
    const sampler = new Sampler();
    const times = [0];
    for (let i = 0; i < 300; i++) times.push(times.at(-1) + steps[i % steps.length]);
    for (const us of times) sampler.sample(us, 0.5, us / 1000);
    assert.deepEqual(sampler.chunk().times_us, times);
  }
});

test("of a sound there are a hundred samples a second, with the hand where it was at each", () => {
  const [sampler, hand] = [new Sampler(), new Hand()];
  for (let ms = 0; ms <= 2000; ms++) hand.move(ms, ms / 2000);
  let last = null;
  for (let ms = 0; ms <= 2000; ms += 16.7) { // the page comes to it sixty times a second
    const how = { lateUs: SOUND_US, stepUs: SOUND_US };
    for (const one of owed(last, ms * 1000, ms, how)) sampler.sample(one.us, hand.at(one.ms), one.ms);
    sampler.sample(ms * 1000, hand.at(ms), ms);
    last = { us: ms * 1000, ms };
  }
  const samples = join([sampler.chunk()]);
  check(samples);
  assert.ok(rateOf(samples) >= 100, `${rateOf(samples)} Hz`);
  assert.ok(samples.every(({ us }, i) => i === 0 || us - samples[i - 1].us <= SOUND_US));
  assert.ok(samples.every(({ us, value }) => Math.abs(value - us / 2e6) < 0.001));
});

test("two axes are kept as pairs of one moment, each within its ends", () => {
  const sampler = new Sampler();
  sampler.sample(0, [0.5, -3], 1);
  assert.equal(sampler.sample(40_000, [0.5, NaN], 41), null, "half a point is none");
  sampler.sample(40_000, [2, 0.1234567], 41.0004);
  assert.deepEqual(sampler.chunk(), { sequence: 0, times_us: [0, 40_000], values: [[0.5, -1], [1, 0.123457]], flags: [0, 0], clock_us: [1000, 41_000] });
});

test("an axis without ends goes as far as the hand does", () => {
  const sampler = new Sampler({ bounded: false });
  assert.equal(sampler.sample(0, 40).value, 40);
  assert.equal(sampler.sample(40_000, -1e6).value, -1e6);
});

test("a trace taken up in another sitting keeps nothing of what is replayed and declares its seam once", () => {
  const sampler = new Sampler({ sequence: 4, lastUs: 12_000_000, resumed: true });
  play(sampler, { from: 2_000_000, ticks: 700 });
  const [first, ...rest] = join([sampler.chunk()]);
  assert.ok(first.us > 12_000_000);
  assert.equal(first.flags, FLAG.GAP | FLAG.RESUMED);
  assert.ok(rest.length > 50 && rest.every(({ flags }) => flags === 0));
});

test("a hole longer than the scheme allows is marked, however short it is", () => {
  const sampler = new Sampler({ maxGapUs: 60_000 });
  sampler.sample(0, 0);
  assert.equal(sampler.sample(60_000, 0).flags, 0);
  assert.equal(sampler.sample(120_001, 0).flags, FLAG.GAP);
});

test("an unfinished trace goes on after what this browser and the server have without a hole, and from nothing that has one", () => {
  const kept = { clientId: "a", sequence: 3, us: 5, spans: [[0, 2], [3, 5]] };
  const has = (have, more = {}) => ({ client_id: "a", have, kept_until_us: 4, finished: false, ...more });
  assert.equal(earlier(kept, has([0, 1, 2])), kept);
  assert.equal(earlier(kept, has([0]), [{ sequence: 1 }, { sequence: 2 }]), kept);
  assert.deepEqual(earlier(kept, has([0, 1])), { clientId: "a", sequence: 2, us: 4, spans: [[0, 2], [3, 4]] }, "the last was lost with the page");
  assert.equal(earlier(kept, has([]), [{ sequence: 0, times_us: [1] }, { sequence: 1, times_us: [2, 3] }]).us, 3);
  assert.equal(earlier(kept, has([0, 2])), null, "a hole in the middle");
  assert.equal(earlier(kept, has([])), null);
  assert.deepEqual(earlier(null, has([0, 1])), { clientId: "a", sequence: 2, us: 4 }, "begun in another browser");
  assert.equal(earlier(null, has([0, 2])), null, "the other browser has not sent all");
  assert.equal(earlier(null, has([])), null);
  assert.equal(earlier(null, has([0], { finished: true })), null);
});
