// The one module script. It brings each custom element to life when it first appears; a page without one loads nothing for it.
// Elements live in elements/, one a file, named as their tag, and register themselves.

const ELEMENTS = ["media-player", "time-line", "wave-form", "spectro-gram", "signal-lane", "transcript-lines", "trace-pad", "practice-test", "headphone-check", "segment-line", "affect-grid", "emotion-wheel", "answer-form", "save-state", "session-guard", "key-help", "theme-toggle", "sign-out", "keep-open", "scheme-preview", "work-veil", "content-warning"];

function awaken(root) {
  for (const tag of ELEMENTS) {
    if (!customElements.get(tag) && (root.matches?.(tag) || root.querySelector(tag))) import(`#app/elements/${tag}.js`);
  }
}

awaken(document);
document.addEventListener("htmx:load", (event) => awaken(event.detail.elt));

// What a form is refused with stands where its result would stand; htmx alone would say nothing of it.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.xhr.status < 400 || detail.requestConfig.verb !== "post" || !detail.xhr.getResponseHeader("HX-Reswap")) return;
  detail.shouldSwap = true;
  detail.isError = false;
});

// Dialogs open and close by attribute: data-open="id", data-close. The key of a shortcut is on the same button. A dialog with
// data-load fetches what it shows each time it opens.
document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-open]");
  if (opener) open(document.getElementById(opener.dataset.open));
  if (event.target.closest?.("[data-close]")) event.target.closest("dialog")?.close();
});

async function open(dialog) {
  if (!dialog || dialog.open) return;
  dialog.showModal();
  const body = dialog.querySelector("[data-body]");
  if (!dialog.dataset.load || !body) return;
  body.setAttribute("aria-busy", "true");
  try {
    const reply = await fetch(dialog.dataset.load, { headers: { "HX-Request": "true" }, credentials: "same-origin", redirect: "error" });
    if (!reply.ok) throw new Error(String(reply.status));
    body.innerHTML = await reply.text();
  } catch {
    body.textContent = dialog.dataset.failed;
  }
  body.removeAttribute("aria-busy");
}
