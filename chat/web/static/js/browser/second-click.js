// Ignores the second half of a double click where the first has put another control under the pointer: Stop in the
// place of Send, the next chat in the place of a deleted one, Undo, a new answer's buttons.

export const SETTLE_MS = 500;
const SAME_PLACE_PX = 12;
const CONTROLS = "a[href], button, summary, input, select, [role=button], [role=menuitem]";

/**
 * Decides for one click after the other; `at` is in milliseconds, `label` says which control was hit, "" for none.
 * A control that is pressed `once` asks the model for something: its successor under the same label is another one.
 */
export class SecondClick {
  /** @type {{at: number, x: number, y: number, label: string} | null} */
  #last = null;

  /** Whether this click was meant for what stood here a moment ago. */
  isStray({ at, x, y, label, once = false }) {
    const last = this.#last;
    const repeated =
      last !== null &&
      at - last.at < SETTLE_MS &&
      Math.abs(x - last.x) <= SAME_PLACE_PX &&
      Math.abs(y - last.y) <= SAME_PLACE_PX;
    if (!repeated) {
      this.#last = { at, x, y, label };
      return false;
    }
    // A third and a fourth click still belong to the first: what it hit stays the measure.
    last.at = at;
    return label !== "" && last.label !== "" && (once || label !== last.label);
  }
}

/** From now on stray clicks reach nobody. Clicks by keyboard or program have no place, and are left alone. */
export function ignoreStrayClicks(target) {
  const clicks = new SecondClick();
  const look = (event) => {
    if (event.detail === 0) return;
    const control = event.target.closest?.(CONTROLS);
    const about = { label: control ? labelOf(control) : "", once: control?.dataset.once !== undefined };
    if (!clicks.isStray({ at: event.timeStamp, x: event.clientX, y: event.clientY, ...about })) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  target.addEventListener("click", look, { capture: true });
}

/** As it was when it was hit: a button may keep its element and become another one. */
function labelOf(control) {
  return control.getAttribute("aria-label") ?? control.textContent.trim().slice(0, 200);
}
