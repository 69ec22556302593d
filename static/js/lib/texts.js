// Sentences for people come translated from the server, in <template id="texts">; scripts only fill in numbers.

const find = (key) => document.getElementById("texts")?.content.querySelector(`[data-text="${key}"]`)?.textContent;

/** The sentence of a key with {name}s filled in; with `n` the plural form that the page's language wants. */
export function say(key, values = {}) {
  let text = find(key);
  if (text === undefined && "n" in values) {
    const form = new Intl.PluralRules(document.documentElement.lang || "en").select(values.n);
    text = find(`${key}.${form}`) ?? find(`${key}.other`);
  }
  return (text ?? key).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** A short message that goes away by itself. */
export function toast(text) {
  const box = document.getElementById("toasts");
  if (!box) return;
  const line = Object.assign(document.createElement("div"), { className: "toast", textContent: text });
  box.append(line);
  setTimeout(() => line.remove(), 6000);
}
