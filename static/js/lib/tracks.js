// The tracks of a player: media elements with a clock of their own, one of which leads. A track covers a stretch of the recording and is
// still outside of it; when the leading one ends before the others, the next one takes over.

import { Follower, fromElement, pace, toElement, toRecording, toTrack, zeroOf } from "#app/lib/clock.js";

const EDGE_US = 20_000;
const number = (text) => (text === undefined || text === "" ? null : Number(text));

export class Track {
  #jumped = null;
  #gain = null;

  constructor(media) {
    const { offsetUs, driftPpb, startUs, durationUs, gainDb, peakDb, rate, frames } = media.dataset;
    this.media = media;
    this.offsetUs = Number(offsetUs) || 0;
    this.driftPpb = Number(driftPpb) || 0;
    this.startUs = Number(startUs) || 0;
    this.durationUs = Number(durationUs) || 0;
    this.zeroUs = 0;
    this.gainDb = number(gainDb);
    this.peakDb = number(peakDb);
    this.rate = rate ? rate.split("/").map(Number) : null;
    this.frames = frames || "";
    this.follower = new Follower({ most: media.muted ? 0.15 : 0.05 });
    media.controls = false;
    media.preservesPitch = true;
    if (this.startUs && media.requestVideoFrameCallback) {
      media.requestVideoFrameCallback((_now, { mediaTime }) => {
        if (media.currentTime < (this.startUs / 1e6) * 1.5) this.zeroUs = zeroOf(this.startUs, mediaTime * 1e6);
      });
    }
  }

  get picture() { return this.media.tagName === "VIDEO"; }

  get heard() { return !this.media.muted; }

  get nowUs() { return fromElement(this.media.currentTime, this); }

  get fromUs() { return toRecording(this.startUs, this); }

  get toUs() {
    const seconds = this.media.duration;
    if (this.durationUs) return toRecording(this.startUs + this.durationUs, this);
    return Number.isFinite(seconds) ? fromElement(seconds, this) : Infinity;
  }

  /** Let the sound go through a graph, which can make it louder than its file; for good, since an element cannot be taken out again. */
  through(sound) {
    if (this.#gain) return;
    this.#gain = sound.createGain();
    sound.createMediaElementSource(this.media).connect(this.#gain).connect(sound.destination);
  }

  get loudness() { return this.#gain ? this.#gain.gain.value : this.media.volume; }

  set loudness(factor) {
    if (this.#gain) this.#gain.gain.value = factor;
    this.media.volume = this.#gain ? 1 : Math.min(1, factor);
    this.media.dataset.loudness = factor.toFixed(3); // for whoever looks at the page; the element's volume tells only half of it
  }

  /** Has it something to show or to say at this time, and for a moment longer? */
  covers(us) { return us >= this.fromUs - EDGE_US && us < this.toUs - EDGE_US; }

  go(us) {
    this.follower.forget();
    this.media.currentTime = toElement(us, this);
  }

  /** Begin; `failed` when it cannot. That it was told to rest before it had begun is no failure. */
  play(failed) { return this.media.play().catch((error) => { if (error.name !== "AbortError") failed(this.media); }); }

  /** Keep with the leader, which is at `us` and runs at `rate`: still outside of what is covered, else near it. */
  follow(lead, us, rate, failed) {
    const { media } = this;
    media.toggleAttribute("data-out", !this.covers(us));
    if (!this.covers(us)) {
      if (!media.paused) media.pause();
      return;
    }
    if (media.paused) {
      this.go(us);
      this.play(failed);
      return;
    }
    if (media.seeking || lead.media.seeking || media.readyState < 2) return;
    if (this.#jumped !== null) {
      this.follower.landed(performance.now() - this.#jumped);
      this.#jumped = null;
    }
    const what = this.follower.next(us - this.nowUs, performance.now(), pace(rate, lead, this));
    if (Math.abs(media.playbackRate - what.rate) > 1e-6) media.playbackRate = what.rate;
    if (what.aheadUs === undefined) return;
    this.#jumped = performance.now();
    media.currentTime = toElement(us + what.aheadUs, this);
  }

  /** On the recording clock, the frame so many on or back from a time. */
  step(frames, us, direction) { return toRecording(frames.step(toTrack(us, this), direction), this); }

  unload() {
    this.media.pause();
    this.media.removeAttribute("src");
    this.media.load();
  }
}

/** Who leads at a time: what is heard, since a jump of sound is noticed and one of picture hardly; of these, what lasts longest. */
export function leader(tracks, us) {
  const there = tracks.filter((track) => track.covers(us));
  return (there.length ? there : [...tracks]).sort((a, b) => b.heard - a.heard || b.toUs - a.toUs)[0];
}
