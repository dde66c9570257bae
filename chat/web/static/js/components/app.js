// The whole page: the chats at the left, the open one in the middle.

import { blankConversation, NEW } from "../state/conversation.js";
import { strings } from "../strings/index.js";
import { html, useEffect, useRef } from "../view.js";
import { Banner } from "./banner.js";
import { IconButton } from "./buttons.js";
import { Composer } from "./composer.js";
import { Icon } from "./icons.js";
import { Removal } from "./removal.js";
import { Sidebar } from "./sidebar.js";
import { Thread } from "./thread.js";
import { Welcome } from "./welcome.js";

export function App({ state, actions }) {
  const { openKey, drawerOpen } = state;
  const conversation = state.conversations.get(openKey) ?? blankConversation(openKey, "loading");
  const isWelcome = conversation.phase === "ready" && conversation.messages.size === 0;
  return html`
    <a class="skip" href="#message-field">${strings.skipToComposer}</a>
    <${Drawer} open=${drawerOpen} onClose=${actions.closeDrawer}>
      <${Sidebar}
        history=${state.history}
        openKey=${openKey}
        me=${state.me}
        runningIds=${state.runningIds}
        isNew=${openKey === NEW}
        actions=${actions}
      />
    <//>
    <main inert=${drawerOpen}>
      <${TopBar} conversation=${conversation} isWelcome=${isWelcome} drawerOpen=${drawerOpen} actions=${actions} />
      ${
        isWelcome
          ? html`<${Welcome} demo=${state.me?.features?.demo === true} onSuggest=${actions.send} />`
          : html`<${Thread} key=${openKey} conversation=${conversation} actions=${actions} />`
      }
      <div class="column foot">
        <${Banner} problem=${state.problem} onDismiss=${actions.dismissProblem} />
        <${Composer}
          conversationKey=${openKey}
          draft=${state.drafts.get(openKey) ?? ""}
          ready=${conversation.phase === "ready"}
          phase=${conversation.turn?.phase}
          me=${state.me}
          model=${state.model}
          actions=${actions}
        />
      </div>
    </main>
    <div class="unseen" role="status">${state.announcement}</div>
    <${Removal} item=${state.removal} actions=${actions} />
  `;
}

/** A column on wide screens; on narrow ones it slides over the page and keeps the focus until it is closed. */
function Drawer({ open, onClose, children }) {
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
  return html`
    <aside class=${open ? "sidebar open" : "sidebar"} ref=${aside} onKeyDown=${open ? onKeyDown : null}>
      ${children}
    </aside>
    ${open && html`<div class="scrim" onClick=${onClose}></div>`}
  `;
}

function TopBar({ conversation, isWelcome, drawerOpen, actions }) {
  const unnamed = conversation.key === NEW ? strings.newChat : strings.untitled;
  const title = conversation.title || (conversation.phase === "ready" ? unnamed : strings.product);
  return html`
    <header class="topbar">
      <${IconButton}
        icon="menu"
        label=${strings.sidebar.open}
        kind="only-narrow"
        aria-expanded=${String(drawerOpen)}
        onClick=${actions.openDrawer}
      />
      ${isWelcome ? html`<span class="product only-narrow">${strings.product}</span>` : html`<h1>${title}</h1>`}
      <${NewChat} actions=${actions} />
    </header>
  `;
}

function NewChat({ actions }) {
  const go = actions.link(actions.newChat);
  return html`
    <a class="icon-button only-narrow" href="/" aria-label=${strings.newChat} onClick=${go}><${Icon} name="plus" /></a>
  `;
}
