// What stands in a form's questions, as plain data, and how it is put back: for "same as before", for an answer that was begun when
// the person went back to another one, and for a tab that was closed over it. Kept for the session of this tab only.

const KEPT = "input:not([type=hidden]), select, textarea";
const STORE = "concord-entered";

/** [name, value, checked] of every field of the questions that says something. */
export function taken(form) {
  return [...form.querySelectorAll("[data-question]")].flatMap((question) => [...question.querySelectorAll(KEPT)])
    .filter((field) => field.name && says(field))
    .map((field) => [field.name, field.value, Boolean(field.checked)]);
}

function says(field) {
  if (field.type === "radio" || field.type === "checkbox") return field.checked;
  if (field.type === "range") return !field.hasAttribute("data-untouched");
  return field.value !== "";
}

/** Puts it back and tells the form of every change. Returns how many fields changed. */
export function put(form, fields) {
  let changed = 0;
  for (const [name, value, checked] of fields ?? []) {
    const found = [...form.elements].filter((field) => field.name === name && field.matches(KEPT));
    const field = found.find((one) => (one.type === "radio" || one.type === "checkbox") && one.value === value) ?? found.find((one) => !/radio|checkbox/.test(one.type));
    if (!field || (checked ? field.checked : field.value === value && says(field))) continue;
    if (checked) field.checked = true;
    else field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    changed += 1;
  }
  return changed;
}

const all = (storage) => JSON.parse(storage.getItem(STORE) ?? "{}");

export function remember(key, fields, storage = sessionStorage) {
  const kept = all(storage);
  if (fields?.length) kept[key] = fields;
  else delete kept[key];
  const names = Object.keys(kept);
  for (const old of names.slice(0, Math.max(0, names.length - 20))) delete kept[old];
  storage.setItem(STORE, JSON.stringify(kept));
}

export const remembered = (key, storage = sessionStorage) => all(storage)[key] ?? null;
