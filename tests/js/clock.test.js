import assert from "node:assert/strict";
import { test } from "node:test";

import { correction, Coverage, FAR_US, fromElement, NEAR_US, toElement, toRecording, toTrack } from "#app/lib/clock.js";
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

test("a media element begins where its track begins", () => {
  const track = { offsetUs: 500_000, driftPpb: 0, startUs: 40_000 };
  assert.equal(fromElement(0, track), 540_000);
  assert.equal(toElement(540_000, track), 0);
  assert.equal(toElement(0, track), 0, "before its beginning a track waits at its beginning");
  assert.equal(toElement(1_540_000, track), 1);
});

test("a follower is left alone, bent or moved, by how far it is off", () => {
  assert.deepEqual(correction(NEAR_US), { rate: 1 });
  assert.ok(correction(40_000).rate > 1);
  assert.ok(correction(-40_000, 2).rate < 2);
  assert.ok(correction(FAR_US).rate <= 1.15);
  assert.ok(correction(FAR_US + 1).jump);
  assert.ok(correction(-FAR_US - 1).jump);
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
