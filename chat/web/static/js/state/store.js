// The page's state: one object that is replaced by each change; subscribers are called at most once per frame, or at
// once by `flush`.

/** `state` is never changed in place. `subscribe` listeners get the newest state after changes. */
export class Store {
  #listeners = new Set();
  #scheduled = false;
  #completed;

  /**
   * `completed(state, before)` post-processes every change, including those that a later one in the same frame hides
   * from the subscribers.
   */
  constructor(state, completed = (changed, _before) => changed) {
    this.state = state;
    this.#completed = completed;
  }

  /** `change` is an object to merge into the state, or a function from the state to one. */
  update(change) {
    const patch = typeof change === "function" ? change(this.state) : change;
    this.state = this.#completed({ ...this.state, ...patch }, this.state);
    this.#schedule();
  }

  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    soon(() => this.flush());
  }

  /** Call the subscribers now if the state has changed since they were called. */
  flush() {
    if (!this.#scheduled) return;
    this.#scheduled = false;
    for (const listener of this.#listeners) listener(this.state);
  }
}

/** Run in the next frame. A hidden page has no frames, so use a timer there. */
function soon(run) {
  if (typeof document === "undefined" || document.hidden) setTimeout(run, 100);
  else requestAnimationFrame(run);
}
