// What a form's questions were answered with, in the wire format, remembered to be put back (Answers.put): for "same as before", for
// an answer that was begun when the person went back to another one, and for a tab that was closed over it. Kept for the session of
// this tab only.

const STORE = "concord-entered";

/** The answers that can be given again; a trace was rated of one item and belongs to it. */
export const taken = (answers) => Object.fromEntries(Object.entries(answers).filter(([, answer]) => !answer.value?.trace));

const all = (storage) => JSON.parse(storage.getItem(STORE) ?? "{}");

export function remember(key, answers, storage = sessionStorage) {
  const kept = all(storage);
  delete kept[key]; // the newest last
  if (answers && Object.keys(answers).length) kept[key] = answers;
  const names = Object.keys(kept);
  for (const old of names.slice(0, Math.max(0, names.length - 20))) delete kept[old];
  storage.setItem(STORE, JSON.stringify(kept));
}

export const remembered = (key, storage = sessionStorage) => all(storage)[key] ?? null;
