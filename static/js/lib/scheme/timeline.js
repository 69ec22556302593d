// The rules of segments and traces: times inside the media, overlaps, gaps and coverage. The twin of affect/schemes/timeline.py.

import { step } from "#app/lib/scheme/findings.js";
import { covering, overlapping } from "#app/lib/scheme/span.js";
import { count, grade, intensityOn, isNumber, isObject, isWhole, only, textOf } from "#app/lib/scheme/values.js";

const MOST = 100_000;

export function segments(question, value, at, shown, found) {
  if (!Array.isArray(value)) { found.expect(at, "a list"); return; }
  const media = shown.stretch(at, found);
  if (!media) return;
  const lines = new Map(question.tiers.map((tier) => [tier.id, { tier, number: 0, times: [] }]));
  value.forEach((one, index) => {
    const here = step(at, index);
    if (!isObject(one) || typeof one.tier !== "string") { found.expect(here, "an object with a tier"); return; }
    const line = lines.get(one.tier);
    if (!line) { found.add("unknown_tier", step(here, "tier"), { tier: one.tier }); return; }
    line.number += 1;
    const times = segment(line.tier, one, here, media, found);
    if (times) line.times.push([...times, index]);
  });
  for (const { tier, number, times } of lines.values()) {
    count(number, tier.minimum ?? 0, tier.maximum ?? MOST, at, found);
    if (!tier.overlap) for (const index of overlapping(times)) found.add("overlap", step(at, index));
    covering(media, times, { share: tier.coverage ?? 0, noGap: tier.no_gap, at, found });
  }
}

function segment(tier, one, at, media, found) {
  only(one, at, ["tier", "start_us", "end_us", "label", "text", "intensity", "apex_us"], found);
  content(tier, one, at, found);
  const { start_us: start, end_us: end } = one;
  if (!isWhole(start) || !isWhole(end)) { found.expect(at, "whole start_us and end_us"); return null; }
  if (start >= end) { found.add("empty_segment", at); return null; }
  if (start < media[0] || end > media[1]) { found.add("outside_media", at); return null; }
  const length = end - start, shortest = tier.shortest_us ?? 1, longest = tier.longest_us ?? null;
  if (length < shortest) found.add("segment_too_short", at, { length_us: length, minimum: shortest });
  else if (longest !== null && length > longest) found.add("segment_too_long", at, { length_us: length, maximum: longest });
  if (Object.hasOwn(one, "apex_us")) {
    const here = step(at, "apex_us");
    if (!tier.apex) found.add("apex_not_asked", here);
    else if (!isWhole(one.apex_us)) found.expect(here, "a whole number");
    else if (one.apex_us < start || one.apex_us >= end) found.add("apex_outside", here);
  }
  return [start, end];
}

/** The label or the text of a segment, and its intensity. */
function content(tier, one, at, found) {
  const labels = tier.labels ?? [];
  if (!labels.length) {
    if (Object.hasOwn(one, "label")) found.add("unknown_field", step(at, "label"), { name: "label" });
    textOf(one, at, true, found);
  } else if (!Object.hasOwn(one, "label")) {
    found.add("label_missing", at);
  } else {
    const label = labels.find(({ id }) => id === one.label);
    if (!label) found.add("unknown_label", step(at, "label"), { label: one.label });
    else textOf(one, at, Boolean(label.free_text), found);
  }
  (tier.grades ? grade("required") : intensityOn(tier.intensity))(one, at, found);
}

// traces

export function trace(question, value, at, shown, found) {
  if (!isObject(value) || !Array.isArray(value.times_us) || !Array.isArray(value.values)) {
    found.expect(at, "an object with times_us and values");
    return;
  }
  const media = shown.stretch(at, found);
  if (!media) return;
  only(value, at, ["times_us", "values", "gaps", "device"], found);
  if (question.devices?.length && !question.devices.includes(value.device)) found.add("device_not_allowed", step(at, "device"), { device: value.device ?? null });
  const { times_us: times, values, gaps = [] } = value;
  if (times.length !== values.length) { found.add("lengths_differ", at, { times: times.length, values: values.length }); return; }
  points(question, values, step(at, "values"), found);
  if (!Array.isArray(gaps) || !gaps.every((one) => isWhole(one) && one > 0 && one < times.length)) {
    found.expect(step(at, "gaps"), "a list of indices of samples after a gap");
  } else if (increasing(times, media, step(at, "times_us"), found)) {
    covered(question, times, new Set(gaps), media, at, found);
  }
}

/** Whether the times are such; the first that is not is told. */
function increasing(times, media, at, found) {
  let before = null;
  for (const [index, one] of times.entries()) {
    if (!isWhole(one)) found.expect(step(at, index), "a whole number");
    else if (before !== null && one <= before) found.add("times_not_increasing", step(at, index));
    else if (one < media[0] || one >= media[1]) found.add("outside_media", step(at, index));
    else { before = one; continue; }
    return false;
  }
  return true;
}

/** The first value that is not on its axes is told; a trace of a million wrong ones is one mistake. */
function points(question, values, at, found) {
  const { axes, bounded = true } = question;
  for (const [index, one] of values.entries()) {
    const point = axes.length === 1 ? [one] : one;
    if (!Array.isArray(point) || point.length !== axes.length || !point.every(isNumber)) {
      found.expect(step(at, index), axes.length === 1 ? "a number" : "a list of two numbers");
      return;
    }
    for (const [which, { minimum, maximum }] of axes.entries()) {
      if (bounded && (point[which] < minimum || point[which] > maximum)) {
        found.add("out_of_range", step(at, index), { value: point[which], minimum, maximum });
        return;
      }
    }
  }
}

function covered(question, times, gaps, media, at, found) {
  const longest = question.longest_step_us ?? 1_000_000, rate = question.rate_hz ?? 0;
  const steps = [];
  for (let i = 1; i < times.length; i++) if (!gaps.has(i) && times[i] - times[i - 1] <= longest) steps.push([times[i - 1], times[i]]);
  const last = times.at(-1);
  const tail = times.length ? [[last, Math.min(media[1], last + longest)]] : [];
  covering(media, [...steps, ...tail], { share: question.coverage ?? 0, noGap: question.no_gap, at, found });
  const length = steps.reduce((sum, [from, to]) => sum + to - from, 0);
  if (steps.length * 1_000_000 < rate * length) found.add("too_sparse", at, { samples: steps.length, covered_us: length, minimum: rate });
}
