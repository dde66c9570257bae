// The chosen appearance, on the page itself. Without a choice the style sheets follow the system.

export function showTheme(theme) {
  const root = document.documentElement;
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
}
