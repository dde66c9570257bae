// Sets the chosen theme on the page. Without one, the style sheets follow the system.

export function showTheme(theme) {
  const root = document.documentElement;
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
}
