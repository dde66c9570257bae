// Runs before the first paint, so it is no module: a dark page must not flash white, nor a hidden list appear. It also
// preloads the strings of the page's language, which the modules need first.
{
  const root = document.documentElement;
  const stored = (name) => {
    try {
      return JSON.parse(localStorage.getItem(`parley${root.dataset.base ?? ""}.${name}`) ?? "null");
    } catch {
      return null; // Nothing stored, or not valid JSON.
    }
  };
  const { theme, sidebar } = stored("preferences") ?? {};
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  if (sidebar === false) root.dataset.list = "hidden";
  const { en, de } = document.currentScript?.dataset ?? {};
  if (en && de) {
    const language = [stored("language"), ...navigator.languages]
      .map((tag) => String(tag).toLowerCase().split("-")[0])
      .find((tag) => tag === "en" || tag === "de");
    const words = document.createElement("link");
    words.rel = "modulepreload";
    words.href = language === "de" ? de : en;
    document.head.append(words);
  }
}
