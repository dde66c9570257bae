// System notifications, requested only when the user wants them.

export const canNotify = () => typeof Notification !== "undefined";

export const isNotifying = () => canNotify() && Notification.permission === "granted";

/** Ask the user for permission if that is possible. Resolve with whether notifications are allowed. */
export async function allowNotifications() {
  if (!canNotify()) return false;
  return (await Notification.requestPermission()) === "granted";
}

/** Show a notification. It replaces an earlier one with the same `tag`. */
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
    // Some phones allow them in installed pages only.
  }
}
