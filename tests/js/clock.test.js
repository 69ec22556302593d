import assert from "node:assert/strict";
import { test } from "node:test";

import { Coverage, FAR_US, Follower, Frames, fromElement, OFF_US, pace, toElement, toRecording, toTrack, zeroOf } from "#app/lib/clock.js";
import { factors } from "#app/lib/level.js";
import { timecode } from "#app/lib/timecode.js";

test("it works: an offset moves, a drift stretches", () => {
  assert.equal(toRecording(1_000_000, { offsetUs: 250_000 }), 1_250_000);
  // 50 parts per million over an hour are 180 ms.
  assert.equal(toRecording(3_600_000_000, { driftPpb: 50_000 }), 3_600_180_000);
});

test("there and back is the same microsecond, over six hours and any drift of real clocks", () => {
  for (const driftPpb of [0, 1, -37, 50_000, -120_000]) {
    for (const offsetUs of [0, -2_345_678, 17_000_001]) {
      for (let us = 0; us <= 21_600_000_000; us += 97_654_321) {
        const back = toTrack(toRecording(us, { offsetUs, driftPpb }), { offsetUs, driftPpb });
        assert.ok(Math.abs(back - us) <= 1, `${us} ${back}`);
        assert.ok(Number.isSafeInteger(back));
      }
    }
  }
});

test("a media element counts from the container's zero, or from the first frame where an engine does", () => {
  const track = { offsetUs: 500_000, driftPpb: 0, startUs: 40_000 };
  assert.equal(fromElement(0.04, track), 540_000);
  assert.equal(toElement(540_000, track), 0.04);
  assert.equal(toElement(0, track), 0, "before its beginning a track waits at its beginning");
  assert.equal(toElement(1_540_000, { ...track, zeroUs: 40_000 }), 1);
  assert.equal(fromElement(1, { ...track, zeroUs: 40_000 }), 1_540_000);
  assert.equal(zeroOf(500_000, 500_000), 0);
  assert.equal(zeroOf(500_000, 499_000), 0);
  assert.equal(zeroOf(500_000, 0), 500_000);
  assert.equal(zeroOf(0, 0), 0);
});

test("a follower is left alone, bent or moved, by how far it is off", () => {
  const first = (lag, pace) => new Follower().next(lag, 0, pace);
  assert.deepEqual(first(OFF_US - 1), { rate: 1 });
  assert.ok(first(40_000).rate > 1.1);
  assert.ok(first(-40_000, 2).rate < 2);
  assert.ok(first(FAR_US).rate <= 1.15 + 1e-9);
  assert.ok(new Follower({ most: 0.04 }).next(FAR_US, 0).rate <= 1.04 + 1e-9);
  assert.ok(first(FAR_US + 1).aheadUs > 0);
  assert.ok(first(-FAR_US - 1).aheadUs > 0);
});

test("correcting begins at ten milliseconds and ends when little is left", () => {
  const follower = new Follower();
  assert.equal(follower.next(9_000, 0).rate, 1);
  let lag = 15_000, begun = false, ended = null;
  for (let ms = 16; ms < 2000 && ended === null; ms += 16) {
    const { rate } = follower.next(lag, ms);
    begun ||= rate !== 1;
    if (begun && rate === 1) ended = lag;
    lag -= (rate - 1) * 16_000;
  }
  assert.ok(begun);
  assert.ok(ended < 8_000, String(ended));
});

test("clocks that drift apart are followed without waiting for the distance", () => {
  assert.equal(pace(1, { driftPpb: 0 }, { driftPpb: 0 }), 1);
  assert.ok(Math.abs(pace(2, { driftPpb: 0 }, { driftPpb: 20_000_000 }) - 2 / 1.02) < 1e-12);
  assert.ok(Math.abs(pace(1, { driftPpb: 20_000_000 }, { driftPpb: 20_000_000 }) - 1) < 1e-12);
});

/** A browser in small: a follower that starts off, tells its time with jitter, lands late, and is looked at when the machine has time. */
function playTogether({ lag = 0, jitter = 0, landing = 60, drift = 0, rate = 1, ms = 20_000, look = 16, correct = true, halts = () => 0 }) {
  let seed = 42;
  const random = () => ((seed = (seed * 1103515245 + 12345) % 2 ** 31) / 2 ** 31) * 2 - 1;
  const follower = new Follower();
  const off = [];
  let [speed, busy, jumps] = [rate, -1, 0];
  for (let now = 0; now < ms; now += 1) {
    if (now >= busy) lag += 1000 * (rate - speed * (1 + drift)); else lag += 1000 * rate;
    if (now === busy) follower.landed(landing);
    if (now % look || halts(now) || now < busy) { off.push(Math.abs(lag)); continue; }
    const what = correct ? follower.next(lag + jitter * random(), now, rate / (1 + drift)) : { rate };
    speed = what.rate;
    if (what.aheadUs) { lag = -what.aheadUs; busy = now + landing; jumps += 1; }
    off.push(Math.abs(lag));
  }
  const late = off.slice(ms / 2).sort((a, b) => a - b);
  return { p95: late[Math.floor(late.length * 0.95)], jumps };
}

test("wherever a follower begins, and however it jitters or drifts, it comes within twenty milliseconds and stays", () => {
  for (const lag of [-400_000, -90_000, 0, 60_000, 250_000, 3_000_000]) {
    for (const rate of [0.25, 0.5, 1, 2]) {
      for (const landing of [10, 150, 700]) {
        for (const drift of [0, 0.02, -0.02]) {
          const { p95, jumps } = playTogether({ lag, rate, landing, drift, jitter: 6_000 });
          assert.ok(p95 <= 20_000, JSON.stringify({ lag, rate, landing, drift, p95 }));
          assert.ok(jumps <= 6, JSON.stringify({ lag, rate, landing, drift, jumps }));
        }
      }
    }
  }
});

test("a machine that halts for a while brings the tracks together again", () => {
  const { p95 } = playTogether({ lag: 200_000, jitter: 8_000, look: 50, halts: (now) => (now % 4000) < 500 });
  assert.ok(p95 <= 20_000, String(p95));
});

test("without correction none of this would pass", () => {
  assert.ok(playTogether({ lag: 60_000, correct: false }).p95 > 20_000);
  assert.ok(playTogether({ drift: 0.02, correct: false }).p95 > 20_000);
});

test("frames are stepped by their rate, also 29.97 a second and hours in", () => {
  const frames = new Frames({ startUs: 500_000, rate: [30000, 1001] });
  let us = frames.step(500_000, 0);
  for (let n = 1; n <= 500_000; n++) {
    us = frames.step(us, 1);
    if (n % 50_000 === 0 || n < 5) assert.equal(frames.at(us), n);
  }
  assert.ok(Math.abs(frames.begins(500_000) - (500_000 + (500_000 * 1001e6) / 30000)) < 1);
  assert.equal(frames.at(frames.step(us, -1)), 499_999);
  assert.equal(frames.at(frames.step(500_000, -1)), 0, "not before the first");
});

test("frames of a variable rate are stepped by their times", () => {
  const times = [0, 40_000, 80_000, 160_000, 320_000, 469_000, 703_000, 1_000_000, 1_900_000];
  const frames = new Frames({ times });
  let us = 0;
  for (const [n, begin] of times.entries()) {
    if (n) us = frames.step(us, 1);
    assert.equal(frames.at(us), n);
    assert.ok(us >= begin && us <= begin + 20_000, `${us} ${begin}`);
  }
  assert.equal(frames.at(frames.step(us, 1)), 8, "not beyond the last");
  assert.equal(frames.at(frames.step(us, -1)), 7);
  assert.equal(frames.at(159_900), 3, "a container rounds");
});

test("a quiet track is turned up, a loud one down, and tracks heard together never clip", () => {
  assert.deepEqual(factors([{ gainDb: 6, peakDb: -20 }]).map((f) => f.toFixed(3)), ["1.995"]);
  assert.deepEqual(factors([{ gainDb: -6, peakDb: -1 }]).map((f) => f.toFixed(3)), ["0.501"]);
  assert.deepEqual(factors([{ gainDb: 6, peakDb: -7 }, { gainDb: 6, peakDb: -7 }]).map((f) => f.toFixed(3)), ["0.998", "0.998"]);
  assert.deepEqual(factors([{ gainDb: 6, peakDb: -20 }], { even: false }), [1]);
  assert.deepEqual(factors([{}, { gainDb: null }]), [1, 1]);
});

test("what was played twice counts once", () => {
  const seen = new Coverage();
  seen.add(0, 10);
  seen.add(20, 30);
  seen.add(5, 22);
  seen.add(7, 7);
  assert.deepEqual(seen.spans, [[0, 30]]);
  assert.equal(seen.totalUs, 30);
});

test("times read as people write them, and are never rounded into the future", () => {
  assert.equal(timecode(0), "0:00.00");
  assert.equal(timecode(65_329_999), "1:05.32");
  assert.equal(timecode(59_999_999, 0), "0:59");
  assert.equal(timecode(139_800_000, 1), "2:19.8");
  assert.equal(timecode(3_661_000_000, 0), "1:01:01");
  assert.equal(timecode(-1_500_000, 1), "−0:01.5");
  assert.equal(timecode(NaN), "–");
});
