// The page's state: one immutable-looking object, and a promise to tell of its changes at most once a frame.

/** `state` is replaced, never changed in place; `subscribe` is called after changes, with the newest state. */
export class Store {
  #listeners = new Set();
  #scheduled = false;
  #completed;

  /**
   * `completed(state, before)` is what every change is passed through, also those that a later one of the same frame
   * hides from the subscribers.
   */
  constructor(state, completed = (changed, _before) => changed) {
    this.state = state;
    this.#completed = completed;
  }

  /** `change` is an object to lay over the state, or a function from the state to one. */
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
    soon(() => {
      this.#scheduled = false;
      for (const listener of this.#listeners) listener(this.state);
    });
  }
}

/** The next frame; a hidden page has none, so there a timer does. */
function soon(run) {
  if (typeof document === "undefined" || document.hidden) setTimeout(run, 100);
  else requestAnimationFrame(run);
}
