// Runs before anything is drawn, and so is no module: a dark page must not flash white, nor a hidden list show.
try {
  const { theme } =
    JSON.parse(localStorage.getItem(`parley${document.documentElement.dataset.base ?? ""}.preferences`)) ?? {};
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Nothing kept, or nothing that can be read.
}
