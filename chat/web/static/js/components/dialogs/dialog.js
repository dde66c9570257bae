// The frame of every dialog. The browser's own: it keeps the focus inside, and closes on Escape.

import { strings } from "../../strings/index.js";
import { html, useLayoutEffect, useRef } from "../../view.js";
import { IconButton } from "../elements/buttons.js";

/** `title` names it, and stands at its head unless it is `bare`. A click beside it closes it, too. */
export function Dialog({ title, kind, bare = false, onClose, children }) {
  const dialog = useRef(null);
  useLayoutEffect(() => {
    const opener = document.activeElement;
    const shown = dialog.current;
    shown.showModal();
    // To where the focus was, or, when that is gone, to where one writes. The browser gives it back itself when a key
    // closes the dialog, a moment before this; where the person has gone since, it stays.
    return () => {
      if (shown.open) shown.close();
      if (document.activeElement !== document.body && !shown.contains(document.activeElement)) return;
      const alive = opener?.isConnected && opener !== document.body;
      /** @type {HTMLElement | null} */ (alive ? opener : document.getElementById("message-field"))?.focus({
        preventScroll: true,
      });
    };
  }, []);
  // The press counts, not the click: that may end beside the dialog when somebody marks words in it.
  const onMouseDown = (event) => {
    if (event.target === dialog.current) dialog.current.close();
  };
  return html`
    <dialog class=${kind} ref=${dialog} aria-label=${title} onClose=${onClose} onMouseDown=${onMouseDown}>
      <div class="dialog-body">
        ${!bare && html`<${Head} title=${title} onClose=${() => dialog.current.close()} />`}
        ${children}
      </div>
    </dialog>
  `;
}

function Head({ title, onClose }) {
  return html`
    <div class="dialog-head">
      <h2>${title}</h2>
      <${IconButton} icon="close" label=${strings.close} onClick=${onClose} />
    </div>
  `;
}
