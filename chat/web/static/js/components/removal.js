// Asks before a chat is deleted. The browser's own dialog: it keeps the focus and gives it back.

import { strings } from "../strings/index.js";
import { html, useLayoutEffect, useRef } from "../view.js";

export function Removal({ item, actions }) {
  const dialog = useRef(null);
  useLayoutEffect(() => {
    if (item) dialog.current.showModal();
  }, [item]);
  if (!item) return null;
  const { question, warning, confirm, cancel } = strings.removal;
  return html`
    <dialog ref=${dialog} aria-labelledby="removal-question" onClose=${() => actions.askRemoval(null)}>
      <h2 id="removal-question">${question}</h2>
      <p>${warning(item.title || strings.untitled)}</p>
      <div class="dialog-foot">
        <button type="button" onClick=${() => dialog.current.close()}>${cancel}</button>
        <button type="button" class="danger-button" onClick=${() => actions.remove(item.id)}>${confirm}</button>
      </div>
    </dialog>
  `;
}
