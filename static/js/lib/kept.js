// The outbox's store in the browser: one IndexedDB object store, one record an entry, kept over reloads and restarts.

const request = (req) => new Promise((resolve, reject) => {
  req.onsuccess = () => resolve(req.result);
  req.onerror = () => reject(req.error);
});

const committed = (transaction) => new Promise((resolve, reject) => {
  transaction.oncomplete = () => resolve();
  transaction.onerror = () => reject(transaction.error);
  transaction.onabort = () => reject(transaction.error ?? new Error("aborted"));
});

export class Kept {
  #database;

  constructor(name = "concord-outbox", factory = globalThis.indexedDB) {
    const open = factory.open(name, 1);
    open.onupgradeneeded = () => open.result.createObjectStore("entries", { keyPath: "key" });
    this.#database = request(open);
  }

  async all() {
    const database = await this.#database;
    return request(database.transaction("entries").objectStore("entries").getAll());
  }

  async put(entry) {
    const transaction = (await this.#database).transaction("entries", "readwrite", { durability: "strict" });
    transaction.objectStore("entries").put(entry);
    return committed(transaction);
  }

  async remove(key) {
    const transaction = (await this.#database).transaction("entries", "readwrite");
    transaction.objectStore("entries").delete(key);
    return committed(transaction);
  }
}
