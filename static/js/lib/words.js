// Words of a line of a transcript by their times: one time a word, in order.

/** Which word is spoken at a time: its place in the text {begin, end}; null before the first. */
export function wordAt(text, timesUs, us) {
  const index = timesUs.findLastIndex((from) => from <= us);
  if (index < 0) return null;
  let found = null;
  let count = 0;
  for (const match of text.matchAll(/\S+/g)) {
    found = { begin: match.index, end: match.index + match[0].length };
    if (count++ === index) break;
  }
  return found;
}
