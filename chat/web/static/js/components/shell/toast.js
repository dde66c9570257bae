// A short message with an Undo button. It stays while the pointer or the focus is on it.

import { strings } from "../../strings/index.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../../view.js";
import { IconButton } from "../elements/buttons.js";

const STAYS_MS = 10_000;

/** `toast` is {text, action?: {label, run}}, or null. */
export function Toast({ toast, onEnd }) {
  return html`
    <div class="toast-area" role="status">
      ${toast && html`<${Shown} key=${toast} toast=${toast} onEnd=${onEnd} />`}
    </div>
  `;
}

function Shown({ toast: { text, action }, onEnd }) {
  const whole = useRef(null);
  const button = useRef(null);
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return undefined;
    const timer = setTimeout(onEnd, STAYS_MS);
    return () => clearTimeout(timer);
  }, [held]);
  // The control that was used is gone, and the focus with it: move it to the Undo button. When the toast ends, move the
  // focus to the message box.
  useLayoutEffect(() => {
    const place = whole.current;
    const timer = setTimeout(() => {
      if (document.activeElement === document.body) button.current?.focus({ preventScroll: true });
    });
    return () => {
      clearTimeout(timer);
      if (place.contains(document.activeElement))
        document.getElementById("message-field")?.focus({ preventScroll: true });
    };
  }, []);
  const hold = () => setHeld(true);
  const release = () => setHeld(false);
  return html`
    <div class="toast" ref=${whole} onMouseEnter=${hold} onMouseLeave=${release} onFocusIn=${hold} onFocusOut=${release}>
      <p dir="auto">${text}</p>
      ${action && html`<button type="button" ref=${button} onClick=${action.run}>${action.label}</button>`}
      <${IconButton} icon="close" label=${strings.problem.dismiss} onClick=${onEnd} />
    </div>
  `;
}
