// Small files of an item that was made ready ahead (peaks), kept in memory until they are drawn: the server lets no browser keep
// anything of a participant on its own.

/** How many columns a picture of this width is asked for in. */
export const columnsOf = (width) => Math.min(2000, Math.max(100, Math.round(width || 600)));

/** Where a lane's stretch is asked for: the address with what is wanted. */
export function address(url, wanted) {
  const found = new URL(url, location.href);
  for (const [name, value] of Object.entries(wanted)) found.searchParams.set(name, value);
  return found.href;
}

const kept = new Map(); // url → promise of an ArrayBuffer

async function load(url, options) {
  const reply = await fetch(url, options);
  if (!reply.ok) throw new Error(String(reply.status));
  return reply.arrayBuffer();
}

/** Fetch and keep; a failure is forgotten, so that whoever draws it tries for themselves. */
export async function keep(url) {
  if (!kept.has(url)) kept.set(url, load(url));
  await kept.get(url).catch(() => kept.delete(url));
}

export function forget(url) { kept.delete(url); }

/** The bytes of an address, from memory once where they were kept. */
export function bytes(url, options) {
  const found = kept.get(url);
  kept.delete(url);
  return found ?? load(url, options);
}
