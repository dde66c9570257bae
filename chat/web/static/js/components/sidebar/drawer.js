// Where the list stands: a column on wide screens, which may be hidden; on narrow ones it slides over the page and
// keeps the focus until it is closed.

import { html, useEffect, useRef } from "../../view.js";

export function Drawer({ open, shown, onClose, children }) {
  const aside = useRef(null);
  const opener = useRef(null);
  // Now, since the button that opened it loses the focus as soon as the page behind is inert.
  if (open) opener.current ??= document.activeElement;
  useEffect(() => {
    if (!open) return undefined;
    aside.current.querySelector("a, button").focus();
    return () => {
      opener.current.focus();
      opener.current = null;
    };
  }, [open]);
  const onKeyDown = (event) => {
    // Escape closes one thing at a time: an open menu, or a title being edited, comes first.
    const inner = event.target.matches("input") || aside.current.querySelector(":popover-open");
    if (event.key === "Escape" && !inner) onClose();
  };
  const kind = ["sidebar", open && "open", !shown && "hidden-wide"].filter(Boolean).join(" ");
  return html`
    <aside class=${kind} ref=${aside} onKeyDown=${open ? onKeyDown : null}>${children}</aside>
    ${open && html`<div class="scrim" onClick=${onClose}></div>`}
  `;
}
