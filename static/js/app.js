// The one module script. It brings each custom element to life when it first appears; a page without one loads nothing for it.
// Elements live in elements/, one a file, named as their tag, and register themselves.

const ELEMENTS = ["media-player", "wave-form", "signal-lane", "trace-pad", "practice-test", "headphone-check", "answer-form", "save-state", "session-guard", "key-help", "theme-toggle", "sign-out"];

function awaken(root) {
  for (const tag of ELEMENTS) {
    if (!customElements.get(tag) && (root.matches?.(tag) || root.querySelector(tag))) import(`#app/elements/${tag}.js`);
  }
}

awaken(document);
document.addEventListener("htmx:load", (event) => awaken(event.detail.elt));

// Dialogs open and close by attribute: data-open="id", data-close. The key of a shortcut is on the same button.
document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-open]");
  if (opener) document.getElementById(opener.dataset.open)?.showModal();
  if (event.target.closest?.("[data-close]")) event.target.closest("dialog")?.close();
});
