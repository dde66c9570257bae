// Syntax highlighting. The library and each language are loaded on demand; until then, and for unknown languages, code
// is plain. The library's output goes through the sanitiser.

import { morph } from "./morph.js";
import { sanitise } from "./sanitise.js";

const VENDOR = new URL("../../vendor/highlight/", import.meta.url);
/** Longer code stays plain, because highlighting would block the page. In characters. */
const LONGEST = 40_000;
const IDLE_SHARE = 25;
const PATIENCE_MS = 250;

const LANGUAGES = new Set([
  ...["bash", "c", "cpp", "csharp", "css", "diff", "dockerfile", "go", "graphql", "ini", "java", "javascript"],
  ...["json", "kotlin", "lua", "makefile", "markdown", "nginx", "perl", "php", "powershell", "python", "r", "ruby"],
  ...["rust", "scala", "scss", "sql", "swift", "typescript", "xml", "yaml"],
]);
const OTHER_NAMES = new Map(
  Object.entries({
    "c#": "csharp",
    "c++": "cpp",
    cc: "cpp",
    console: "bash",
    cs: "csharp",
    docker: "dockerfile",
    golang: "go",
    gql: "graphql",
    h: "c",
    hpp: "cpp",
    html: "xml",
    js: "javascript",
    jsonc: "json",
    jsx: "javascript",
    kt: "kotlin",
    make: "makefile",
    md: "markdown",
    mjs: "javascript",
    patch: "diff",
    pl: "perl",
    ps1: "powershell",
    pwsh: "powershell",
    py: "python",
    py3: "python",
    python3: "python",
    rb: "ruby",
    rs: "rust",
    sh: "bash",
    shell: "bash",
    svg: "xml",
    toml: "ini",
    ts: "typescript",
    tsx: "typescript",
    yml: "yaml",
    zsh: "bash",
  }),
);

/** Return the library's name of a language, or null. */
export function knownLanguage(name) {
  const known = OTHER_NAMES.get(name) ?? name;
  return LANGUAGES.has(known) ? known : null;
}

const loading = new Map();

/** Load a language once per page, and the library with the first one. Resolve with null on failure. */
function load(language) {
  if (!loading.has(language)) {
    const both = Promise.all([
      import(new URL("core.js", VENDOR).href),
      import(new URL(`languages/${language}.js`, VENDOR).href),
    ]);
    loading.set(
      language,
      both.then(
        ([{ default: library }, { default: grammar }]) => {
          library.registerLanguage(language, grammar);
          return library;
        },
        () => {
          loading.delete(language);
          return null;
        },
      ),
    );
  }
  return loading.get(language);
}

const pending = new WeakMap();

/** Highlight a `code` element, now or, if that happened a moment ago, a little later. */
export async function paint(code, name) {
  const language = knownLanguage(name);
  if (!language || code.textContent.length > LONGEST) return;
  const library = await load(language);
  if (!library) return;
  const state = pending.get(code) ?? { next: 0, timer: null };
  pending.set(code, state);
  if (state.timer !== null) return;
  state.timer = setTimeout(
    () => {
      state.timer = null;
      const began = performance.now();
      colour(code, library, language);
      // The longer it takes, the less often growing code is highlighted.
      state.next = performance.now() + PATIENCE_MS + (performance.now() - began) * IDLE_SHARE;
    },
    Math.max(0, state.next - performance.now()),
  );
}

function colour(code, library, language) {
  const text = code.textContent;
  if (text.length > LONGEST) return;
  const { value } = library.highlight(text, { language, ignoreIllegals: true });
  const fragment = sanitise(value);
  if (fragment.textContent === text) morph(code, 0, [...fragment.childNodes], () => false);
}
