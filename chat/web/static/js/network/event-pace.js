// Words come faster than anyone reads: they are handed on a few times a second, everything else at once. What takes
// long to show is shown less often, so that the page is idle most of the time however much there is to show.

import { effort } from "../markdown/effort.js";

const INTERVAL_MS = 75;
const IDLE_FOR_EACH_MS = 9;

export class EventPace {
  #apply;
  /** @type {{name: string, text: string} | null} */
  #waiting = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #last = Number.NEGATIVE_INFINITY;

  /** `apply(name, data)` gets the events in their order, those of text joined. */
  constructor(apply) {
    this.#apply = apply;
  }

  add(name, data) {
    if (this.#waiting && this.#waiting.name !== name) this.flush();
    if (name !== "delta" && name !== "reasoning") {
      this.#apply(name, data);
      return;
    }
    this.#waiting = { name, text: (this.#waiting?.text ?? "") + String(data.text ?? "") };
    const interval = Math.max(INTERVAL_MS, effort.latestMs * IDLE_FOR_EACH_MS);
    const rest = this.#last + interval - performance.now();
    if (rest <= 0) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), rest);
  }

  flush() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = this.#waiting;
    this.#waiting = null;
    if (!waiting) return;
    this.#last = performance.now();
    this.#apply(waiting.name, { text: waiting.text });
  }
}
