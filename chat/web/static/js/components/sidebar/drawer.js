// The container of the list: a column on wide screens, which may be hidden; on narrow ones a drawer over the page that
// keeps the focus until it is closed.

import { html, useEffect, useRef } from "../../view.js";

export function Drawer({ open, shown, onClose, children }) {
  const aside = useRef(null);
  const opener = useRef(null);
  // During drawing, because the opener loses the focus as soon as the page behind is inert.
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
    // Escape closes one thing at a time: first an open menu or a title being edited.
    const inner = event.target.matches("input") || aside.current.querySelector(":popover-open");
    if (event.key === "Escape" && !inner) onClose();
  };
  const kind = ["sidebar", open && "open", !shown && "hidden-wide"].filter(Boolean).join(" ");
  return html`
    <aside class=${kind} ref=${aside} onKeyDown=${open ? onKeyDown : null}>${children}</aside>
    ${open && html`<div class="scrim" onClick=${onClose}></div>`}
  `;
}
