// The menu of one chat, in the list and over the open chat.

import { strings } from "../../strings/index.js";
import { html } from "../../view.js";
import { Menu } from "../elements/menu.js";

/** `item` is {id, title, pinned, temporary?}. `place` says where its title is edited: "list" or "top". */
export function ChatMenu({ item, place, kind, actions }) {
  const labels = strings.chat;
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
      label=${labels.actionsFor(item.title || strings.untitled)}
      kind=${kind}
      items=${[
        listed && { icon: "pencil", word: labels.rename, run: () => actions.startRenaming(item.id, place) },
        listed && {
          icon: "pin",
          word: item.pinned ? labels.unpin : labels.pin,
          run: () => actions.setPinned(item, !item.pinned),
        },
        listed && { icon: "share", word: labels.share, run: () => actions.showDialog("share", item) },
        listed &&
          item.archived && { icon: "unarchive", word: strings.archive.restore, run: () => actions.restore(item) },
        listed && !item.archived && { icon: "archive", word: labels.archive, run: () => actions.archive(item) },
        place === "list" && { icon: "check", word: labels.choose, run: () => actions.startSelecting(item.id) },
        place === "top" && { icon: "printer", word: labels.print, run: actions.printChat },
        download("download", labels.exportMarkdown, "md"),
        download("download", labels.exportJson, "json"),
        { icon: "trash", word: labels.remove, danger: true, run: () => actions.remove(item) },
      ]}
    />
  `;
}
