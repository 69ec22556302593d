// The last ten answers of this tab in a campaign, newest last: what undo goes back along. The server knows them too, but an answer
// that was given a moment ago may still be on its way there.

export const LONGEST = 10;
const STORE = "concord-trail";

export class Trail {
  #key;
  #storage;

  constructor(campaign, storage = globalThis.sessionStorage) { [this.#key, this.#storage] = [`${STORE}/${campaign}`, storage]; }

  get steps() { return JSON.parse(this.#storage.getItem(this.#key) ?? "[]"); }

  /** An answer was given: {id, url, lane}. Given again, it keeps its place. */
  add(step) {
    const steps = this.steps;
    const at = steps.findIndex(({ id }) => id === step.id);
    if (at >= 0) steps[at] = step;
    else steps.push(step);
    this.#storage.setItem(this.#key, JSON.stringify(steps.slice(-LONGEST)));
  }

  /** The step before the item at hand: the last one where that is not in the trail. */
  before(id) {
    const steps = this.steps;
    const at = steps.findIndex((step) => step.id === id);
    return (at < 0 ? steps.at(-1) : steps[at - 1]) ?? null;
  }
}
