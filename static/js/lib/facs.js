// Action units as coders write them: 1B+2B+L12D. A letter A–E after the number is the intensity; L, R or A before it the side.

const SIDES = { L: "left", R: "right", A: "asymmetric" };
const ONE = /^([LRA])?(\d{1,3})([A-E])?$/;

/** {units: [{number, intensity?, side?}], unknown: [what was not understood]}; a unit written twice counts as written last. */
export function parse(text) {
  const units = new Map(), unknown = [];
  for (const word of text.toUpperCase().split(/[\s+,;]+/).filter(Boolean)) {
    const found = ONE.exec(word.replace(/^AU/, ""));
    if (!found) { unknown.push(word); continue; }
    const [, side, number, intensity] = found;
    units.delete(number);
    units.set(number, { number, ...(intensity && { intensity }), ...(side && { side: SIDES[side] }) });
  }
  return { units: [...units.values()], unknown };
}

/** The same the other way. */
export function write(units) {
  const letter = (side) => Object.keys(SIDES).find((one) => SIDES[one] === side) ?? "";
  return units.map(({ number, intensity = "", side }) => `${letter(side)}${number}${intensity}`).join("+");
}
