// What can be done with one chat, under one button: in the list, and over the open chat.

import { strings } from "../../strings/index.js";
import { html } from "../../view.js";
import { Menu } from "../elements/menu.js";

/** `item` is {id, title, pinned, temporary?}; `place` is where a new title is typed, "list" or "top". */
export function ChatMenu({ item, place, kind, actions }) {
  const say = strings.chat;
  const listed = !item.temporary;
  const download = (icon, word, format) => ({
    icon,
    word,
    href: actions.exportAddress(item.id, format),
    download: true,
  });
  return html`
    <${Menu}
      id="menu-${place}-${item.id}"
      label=${say.actionsFor(item.title || strings.untitled)}
      kind=${kind}
      items=${[
        listed && { icon: "pencil", word: say.rename, run: () => actions.startRenaming(item.id, place) },
        listed && {
          icon: "pin",
          word: item.pinned ? say.unpin : say.pin,
          run: () => actions.setPinned(item, !item.pinned),
        },
        listed && { icon: "share", word: say.share, run: () => actions.showDialog("share", item) },
        listed &&
          item.archived && { icon: "unarchive", word: strings.archive.restore, run: () => actions.restore(item) },
        listed && !item.archived && { icon: "archive", word: say.archive, run: () => actions.archive(item) },
        place === "list" && { icon: "check", word: say.choose, run: () => actions.startChoosing(item.id) },
        place === "top" && { icon: "printer", word: say.print, run: actions.printChat },
        download("download", say.exportMarkdown, "md"),
        download("download", say.exportJson, "json"),
        { icon: "trash", word: say.remove, danger: true, run: () => actions.remove(item) },
      ]}
    />
  `;
}
