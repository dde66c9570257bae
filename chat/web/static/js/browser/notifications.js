// Notifications of the system's: asked for only when a person wants them.

export const canNotify = () => typeof Notification !== "undefined";

export const isNotifying = () => canNotify() && Notification.permission === "granted";

/** Asks the person, where that is still possible; resolves with whether notifications may be shown. */
export async function allowNotifications() {
  if (!canNotify()) return false;
  return (await Notification.requestPermission()) === "granted";
}

/** `tag`: a later one under the same tag takes the place of this one. */
export function notify({ title, body, tag, onClick }) {
  if (!isNotifying()) return;
  try {
    const shown = new Notification(title, { body, tag });
    shown.onclick = () => {
      shown.close();
      window.focus();
      onClick();
    };
  } catch {
    // Some phones have them for installed pages only.
  }
}
