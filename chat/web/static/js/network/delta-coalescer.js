// Joins text deltas and passes them on a few times a second; all other events pass at once. If drawing takes long, it
// happens less often, so that the page is idle most of the time.

import { renderTime } from "../markdown/render-time.js";

const INTERVAL_MS = 75;
const IDLE_PER_RENDER_MS = 9;

export class DeltaCoalescer {
  #apply;
  /** @type {{name: string, text: string} | null} */
  #pending = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #last = Number.NEGATIVE_INFINITY;

  /** `apply(name, data)` receives the events in order, with text joined. */
  constructor(apply) {
    this.#apply = apply;
  }

  add(name, data) {
    if (this.#pending && this.#pending.name !== name) this.flush();
    if (name !== "delta" && name !== "reasoning") {
      this.#apply(name, data);
      return;
    }
    this.#pending = { name, text: (this.#pending?.text ?? "") + String(data.text ?? "") };
    const interval = Math.max(INTERVAL_MS, renderTime.latestMs * IDLE_PER_RENDER_MS);
    const rest = this.#last + interval - performance.now();
    if (rest <= 0) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), rest);
  }

  flush() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const pending = this.#pending;
    this.#pending = null;
    if (!pending) return;
    this.#last = performance.now();
    this.#apply(pending.name, { text: pending.text });
  }
}
