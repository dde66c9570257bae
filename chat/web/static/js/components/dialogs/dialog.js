// The frame of every dialog. The native element keeps the focus inside and closes on Escape.

import { strings } from "../../strings/index.js";
import { html, useLayoutEffect, useRef } from "../../view.js";
import { IconButton } from "../elements/buttons.js";

/** `title` is its accessible name, and its heading unless `bare`. A click outside closes it. */
export function Dialog({ title, kind, bare = false, onClose, children }) {
  const dialog = useRef(null);
  useLayoutEffect(() => {
    const opener = document.activeElement;
    const shown = dialog.current;
    shown.showModal();
    // Return the focus to where it was, or to the message box if that is gone. The browser does this itself when a key
    // closes the dialog. If the focus has moved since, leave it.
    return () => {
      if (shown.open) shown.close();
      if (document.activeElement !== document.body && !shown.contains(document.activeElement)) return;
      const alive = opener?.isConnected && opener !== document.body;
      /** @type {HTMLElement | null} */ (alive ? opener : document.getElementById("message-field"))?.focus({
        preventScroll: true,
      });
    };
  }, []);
  // The press counts, not the click: selecting text may end outside of the dialog.
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
