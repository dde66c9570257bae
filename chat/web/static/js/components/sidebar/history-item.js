// One chat in the list, with its menu.

import { pathOfKey } from "../../browser/router.js";
import { directionOf } from "../../markdown/direction.js";
import { strings } from "../../strings/index.js";
import { html, useEffect, useRef } from "../../view.js";
import { TitleField } from "../shell/title-field.js";
import { ChatMenu } from "./chat-menu.js";

export function HistoryItem({ item, current, running, unread, renaming, actions }) {
  const link = useRef(null);
  const wasRenaming = useRef(false);
  // The title's field is gone, and the focus with it.
  useEffect(() => {
    if (wasRenaming.current && !renaming && document.activeElement === document.body) link.current.focus();
    wasRenaming.current = renaming;
  }, [renaming]);
  if (renaming) return html`<li><${TitleField} item=${item} actions=${actions} /></li>`;
  const title = item.title || strings.untitled;
  return html`
    <li class=${["item", current && "current", unread && "unread"].filter(Boolean).join(" ")}>
      <a
        href=${pathOfKey(item.id)}
        ref=${link}
        aria-current=${current ? "page" : null}
        onClick=${actions.link(() => actions.open(item.id))}
        title=${title}
      >
        <span class="title" dir=${directionOf(title)}>${title}</span>
        ${running && html`<span class="running-sign" role="img" aria-label=${strings.sidebar.running}></span>`}
        ${unread && !running && html`<span class="unread-sign" role="img" aria-label=${strings.sidebar.unread}></span>`}
      </a>
      <${ChatMenu} item=${item} place="list" kind="more" actions=${actions} />
    </li>
  `;
}
