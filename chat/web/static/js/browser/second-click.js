// Ignores the second half of a double click if the first has put another control under the pointer: Stop in place of
// Send, the next chat in place of a deleted one, Undo, the buttons of a new answer.

export const SETTLE_MS = 500;
const SAME_PLACE_PX = 12;
const CONTROLS = "a[href], button, summary, input, select, [role=button], [role=menuitem]";

/**
 * Decides click by click. `at` is in milliseconds; `label` names the control, "" for none. A control marked `once`
 * starts a request to the model: its successor with the same label is another control.
 */
export class SecondClick {
  /** @type {{at: number, x: number, y: number, label: string} | null} */
  #last = null;

  /** Return whether this click was meant for the control that was here before. */
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
    // A third and fourth click still belong to the first one.
    last.at = at;
    return label !== "" && last.label !== "" && (once || label !== last.label);
  }
}

/** Block stray clicks on `target`. Clicks by keyboard or script have no position and are not checked. */
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

/** The label at the time of the click: a button may keep its element and change its function. */
function labelOf(control) {
  return control.getAttribute("aria-label") ?? control.textContent.trim().slice(0, 200);
}
