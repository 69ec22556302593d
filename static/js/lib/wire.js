// What a control holds, and the same in the wire format: one pair of functions a kind of question. Fields are told apart by
// data-part and, where they go with a label, data-label; a control that is an element of its own has a `value`.

const all = (root, part) => [...root.querySelectorAll(`[data-part="${part}"]`)];
const of = (root, part, label) => all(root, part).filter((field) => field.dataset.label === label);
const checked = (fields) => fields.find((field) => field.checked);
const own = (root) => root.querySelector("affect-grid, emotion-wheel");

const rounded = (text) => Math.round(Number(text) * 1e6) / 1e6; // no tail of binary fractions

/** The number (or letter) that radio buttons or a slider hold; undefined when untouched. */
export function held(fields) {
  const field = fields.length === 1 && "slider" in fields[0].dataset ? fields[0] : checked(fields);
  if (!field || field.hasAttribute("data-untouched") || field.value === "") return undefined;
  return Number.isNaN(Number(field.value)) ? field.value : rounded(field.value);
}

/** Puts a number (or letter) there; undefined takes it away. */
export function hold(fields, value) {
  for (const field of fields) {
    if ("slider" in field.dataset) {
      field.toggleAttribute("data-untouched", value === undefined);
      if (value !== undefined) field.value = value;
      show(field);
    } else {
      field.checked = value !== undefined && field.value === String(value);
    }
  }
}

/** A slider says its number beside it, and nothing before it was touched. */
export function show(slider) {
  const untouched = slider.hasAttribute("data-untouched");
  const out = slider.nextElementSibling;
  if (out) out.textContent = untouched ? "–" : String(rounded(slider.value));
}

function one(root, label, group = "") {
  const intensity = held(of(root, `intensity${group}`, label));
  const text = of(root, `text${group}`, label)[0]?.value.trim();
  const side = of(root, "side", label)[0]?.value;
  return { label, ...(intensity !== undefined && { intensity }), ...(text && { text }), ...(side && { side }) };
}

function put(root, { label, intensity, text = "", side = "" }, group = "") {
  hold(of(root, `intensity${group}`, label), intensity);
  for (const field of of(root, `text${group}`, label)) field.value = text;
  for (const field of of(root, "side", label)) field.value = side;
}

const labels = (root, part, group) => all(root, part).filter((field) => field.checked).map((field) => one(root, field.value, group));

function tick(root, part, chosen, group) {
  for (const field of all(root, part)) field.checked = chosen.some(({ label }) => label === field.value);
  for (const each of chosen) put(root, each, group);
}

const some = (list) => (list.length ? list : null);

/** Each takes the question's element and gives the value, null when there is none. */
export const READ = {
  choice: (root) => some(labels(root, "label")),
  primary_secondary: (root) => {
    const [primary] = labels(root, "primary");
    return primary ? { primary, secondary: labels(root, "also", "-also") } : null;
  },
  scale: (root) => held(all(root, "value")) ?? null,
  grid: (root) => own(root).value ?? null,
  wheel: (root) => some([...(own(root).value ?? []), ...labels(root, "hub")]),
  text: (root) => all(root, "value")[0].value.trim() || null,
  yes_no: (root) => { const field = checked(all(root, "value")); return field ? field.value === "yes" : null; },
  comparison: (root) => {
    if (root.dataset.method === "pairwise") {
      const field = checked(all(root, "preferred"));
      return field ? { preferred: field.value || null } : null;
    }
    const found = ["best", "worst"].map((part) => [part, checked(all(root, part))?.value]).filter(([, item]) => item);
    return found.length ? Object.fromEntries(found) : null;
  },
  action_units: (root) => some(labels(root, "label")) ?? (checked(all(root, "none")) ? [] : null),
  segments: (root) => root.value ?? null,
  trace: (root) => (root.complete ? { trace: root.clientId } : root.given ?? null),
};

const later = (element, value) => {
  if (element.matches(":defined")) { element.value = value; return; }
  customElements.whenDefined(element.localName).then(() => { element.value = value; element.dispatchEvent(new Event("answers:put", { bubbles: true })); });
};

/** Each puts a value into the question's element. */
export const WRITE = {
  choice: (root, value) => tick(root, "label", value),
  primary_secondary: (root, { primary, secondary = [] }) => { tick(root, "primary", [primary]); tick(root, "also", secondary, "-also"); },
  scale: (root, value) => hold(all(root, "value"), value),
  grid: (root, value) => later(own(root), value),
  wheel: (root, value) => {
    const hub = all(root, "hub").map((field) => field.value);
    later(own(root), value.filter(({ label }) => !hub.includes(label)));
    tick(root, "hub", value.filter(({ label }) => hub.includes(label)));
  },
  text: (root, value) => { all(root, "value")[0].value = value; },
  yes_no: (root, value) => { for (const field of all(root, "value")) field.checked = (field.value === "yes") === value; },
  comparison: (root, value) => {
    for (const [part, item] of Object.entries(value)) for (const field of all(root, part)) field.checked = field.value === (item ?? "");
  },
  action_units: (root, value) => { tick(root, "label", value); for (const field of all(root, "none")) field.checked = !value.length; },
  segments: (root, value) => later(root, value),
  trace: (root, value) => { root.given = value; },
};
