// The field for a chat's title: Enter saves it, Escape does not. A list that is drawn again, or a title that a model
// writes meanwhile, does not change what is typed.

import { directionOf } from "../../markdown/direction.js";
import { strings } from "../../strings/index.js";
import { html, useLayoutEffect, useRef } from "../../view.js";

export function TitleField({ item, actions }) {
  const field = useRef(null);
  const finished = useRef(false);
  // In the layout effect: keys pressed at once must reach the field.
  useLayoutEffect(() => field.current.select(), []);
  const finish = (keep) => {
    if (finished.current) return;
    finished.current = true;
    const title = field.current.value.trim();
    actions.endRenaming();
    if (keep && title && title !== item.title) actions.rename(item, title);
  };
  const onKeyDown = (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter") finish(true);
    if (event.key === "Escape") finish(false);
    if (event.key === "Escape") event.stopPropagation();
  };
  return html`
    <input
      class="title-field"
      dir=${directionOf(item.title ?? "")}
      ref=${field}
      aria-label=${strings.chat.renameLabel}
      defaultValue=${item.title}
      maxlength="200"
      autocomplete="off"
      onKeyDown=${onKeyDown}
      onBlur=${() => finish(true)}
    />
  `;
}
