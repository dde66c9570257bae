// One chat in the list, with a small menu to rename or delete it.

import { strings } from "../strings/index.js";
import { html, useEffect, useRef } from "../view.js";
import { IconButton, WordButton } from "./buttons.js";

export function HistoryItem({ item, current, running, renaming, onRenaming, actions }) {
  const title = item.title || strings.untitled;
  if (renaming)
    return html`<li><${TitleField} item=${item} onDone=${() => onRenaming(null)} actions=${actions} /></li>`;
  return html`
    <li class=${current ? "item current" : "item"}>
      <a
        href="/c/${item.id}"
        aria-current=${current ? "page" : null}
        onClick=${actions.link(() => actions.open(item.id))}
        title=${title}
      >
        <span class="title">${title}</span>
        ${running && html`<span class="running-sign" role="img" aria-label=${strings.sidebar.running}></span>`}
      </a>
      <${Menu}
        id=${item.id}
        title=${title}
        onRename=${() => onRenaming(item.id)}
        onRemove=${() => actions.askRemoval(item)}
      />
    </li>
  `;
}

/** The browser's own popover: it closes on Escape or a click elsewhere, and gives the focus back. */
function Menu({ id, title, onRename, onRemove }) {
  const menu = useRef(null);
  const choose = (run) => () => {
    menu.current.hidePopover();
    run();
  };
  const place = (event) => {
    if (event.newState !== "open") return;
    const button = event.currentTarget.previousElementSibling.getBoundingClientRect();
    const below = button.bottom + 110 < innerHeight;
    event.currentTarget.style.left = `${Math.max(8, Math.min(button.left, innerWidth - 176))}px`;
    event.currentTarget.style.top = `${below ? button.bottom + 4 : button.top - 100}px`;
  };
  return html`
    <${IconButton} icon="dots" label=${strings.sidebar.actionsFor(title)} kind="more" popovertarget="menu-${id}" />
    <div class="menu" id="menu-${id}" popover="auto" ref=${menu} onBeforeToggle=${place}>
      <${WordButton} icon="pencil" word=${strings.sidebar.rename} onClick=${choose(onRename)} />
      <${WordButton} icon="trash" word=${strings.sidebar.remove} class="danger" onClick=${choose(onRemove)} />
    </div>
  `;
}

function TitleField({ item, onDone, actions }) {
  const field = useRef(null);
  const finished = useRef(false);
  useEffect(() => field.current.select(), []);
  const finish = (keep) => {
    if (finished.current) return;
    finished.current = true;
    const title = field.current.value.trim();
    onDone();
    if (keep && title && title !== item.title) actions.rename(item.id, title);
  };
  const onKeyDown = (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") finish(true);
    if (event.key === "Escape") finish(false);
  };
  return html`
    <input
      class="title-field"
      ref=${field}
      aria-label=${strings.sidebar.renameLabel}
      value=${item.title}
      maxlength="200"
      onKeyDown=${onKeyDown}
      onBlur=${() => finish(true)}
    />
  `;
}
