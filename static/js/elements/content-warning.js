// <content-warning>: before a clip that warns of something, its sentence stands over the page and nothing of the clip is seen or
// heard; the person sees it or skips it. Asked once an item in this tab.

const STORE = "concord-seen-warnings";

class ContentWarning extends HTMLElement {
  connectedCallback() {
    const dialog = this.querySelector("dialog");
    const seen = JSON.parse(sessionStorage.getItem(STORE) ?? "[]");
    if (seen.includes(this.dataset.item)) return;
    // Without an answer it stays: Escape is none, and a browser that closes it all the same is told again.
    let answered = false;
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.addEventListener("close", () => { if (!answered && this.isConnected) dialog.showModal(); });
    dialog.addEventListener("submit", () => { answered = true; });
    dialog.querySelector("[data-see]").addEventListener("click", () => {
      sessionStorage.setItem(STORE, JSON.stringify([...seen, this.dataset.item].slice(-200)));
      answered = true;
      dialog.close();
      this.closest(".work")?.focus({ preventScroll: true });
    });
    dialog.showModal();
  }
}

customElements.define("content-warning", ContentWarning);
