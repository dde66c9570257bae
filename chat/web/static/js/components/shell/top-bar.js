// The bar over the open chat: its title and menu, whether it is temporary, whether the server is reachable.

import { pathOfKey } from "../../browser/router.js";
import { directionOf } from "../../markdown/direction.js";
import { isNamed, NEW } from "../../state/conversation.js";
import { strings } from "../../strings/index.js";
import { html, memo, useEffect, useRef } from "../../view.js";
import { IconButton } from "../elements/buttons.js";
import { Icon } from "../elements/icons.js";
import { ChatMenu } from "../sidebar/chat-menu.js";
import { TitleField } from "./title-field.js";

/**
 * `id`, `title`, `phase`, `pinned`, `archived` and `temporary` are those of the open chat. `listHidden`: the left
 * column is hidden.
 */
export const TopBar = memo((properties) => {
  const { isWelcome, temporary, connected, renaming, listHidden, drawerOpen, actions, ...about } = properties;
  const chat = { ...about, temporary };
  return html`
    <header class="topbar">
      <${IconButton}
        icon="panel"
        label=${strings.sidebar.open}
        kind=${listHidden ? "show-list" : "show-list only-narrow"}
        aria-expanded=${String(drawerOpen)}
        onClick=${actions.toggleSidebar}
      />
      <${NewChat} kind=${listHidden ? "" : "only-narrow"} actions=${actions} />
      <${Title} chat=${chat} isWelcome=${isWelcome} renaming=${renaming} actions=${actions} />
      <div class="topbar-badges">
        <${Connection} connected=${connected} />
        ${chat.archived && !isWelcome && html`<p class="topbar-badge"><${Icon} name="archive" />${strings.archive.sign}</p>`}
        ${
          isWelcome
            ? html`<${TemporarySwitch} on=${temporary} onChange=${actions.setTemporary} />`
            : chat.temporary &&
              html`<p class="topbar-badge" title=${strings.temporary.explanation}><${Icon} name="temporary" />${strings.temporary.sign}</p>`
        }
      </div>
      ${!isWelcome && chat.phase === "ready" && html`<${Doings} chat=${chat} actions=${actions} />`}
    </header>
  `;
});

function Title({ chat, isWelcome, renaming, actions }) {
  const wasRenaming = useRef(false);
  // The title's field is gone, and the focus with it: return it to the menu in which renaming was chosen.
  useEffect(() => {
    if (wasRenaming.current && !renaming && document.activeElement === document.body)
      /** @type {HTMLElement | null} */ (document.querySelector(".topbar [aria-haspopup=menu]"))?.focus();
    wasRenaming.current = renaming;
  }, [renaming]);
  if (isWelcome) return html`<span class="product only-narrow">${strings.product}</span>`;
  if (renaming) return html`<div class="top-title"><${TitleField} item=${chat} actions=${actions} /></div>`;
  const unnamed = isNamed(chat.id) ? strings.untitled : strings.newChat;
  const title = chat.title || (chat.phase === "ready" ? unnamed : strings.product);
  return html`<h1 dir=${directionOf(title)}>${title}</h1>`;
}

function Doings({ chat, actions }) {
  // A chat that the server does not know has nothing to share.
  if (!isNamed(chat.id)) return null;
  return html`
    ${
      !chat.temporary &&
      html`<${IconButton}
        icon="share"
        label=${strings.chat.share}
        kind="only-wide"
        onClick=${() => actions.showDialog("share", chat)}
      />`
    }
    <${ChatMenu} item=${chat} place="top" actions=${actions} />
  `;
}

function NewChat({ kind, actions }) {
  const go = actions.link(actions.newChat);
  return html`
    <a class=${`icon-button ${kind}`} href=${pathOfKey(NEW)} aria-label=${strings.newChat} title=${strings.newChat} onClick=${go}>
      <${Icon} name="plus" />
    </a>
  `;
}

function TemporarySwitch({ on, onChange }) {
  return html`
    <button type="button" class="temporary-switch" aria-pressed=${String(on)} onClick=${() => onChange(!on)}>
      <${Icon} name="temporary" /><span>${strings.temporary.start}</span>
    </button>
  `;
}

/** A small sign that disappears by itself. */
function Connection({ connected }) {
  return html`
    <div role="status">
      ${
        !connected &&
        html`
        <p class="topbar-badge offline" title=${strings.connection.explanation}>
          <${Icon} name="unplugged" />${strings.connection.lost}
          <span class="visually-hidden">. ${strings.connection.explanation}</span>
        </p>
      `
      }
    </div>
  `;
}
