// All visible text in German.

import { errors } from "./errors-de.js";
import { figures } from "./figures-de.js";

const plural = (count, one, many) => `${count.toLocaleString("de")} ${count === 1 ? one : many}`;
const listed = new Intl.ListFormat("de");
const capitalised = (words) => words.charAt(0).toLocaleUpperCase("de") + words.slice(1);

export const strings = {
  language: "de",
  ownName: "Deutsch",
  numberLocale: "de",
  dateLocale: "de-DE",

  product: "Parley",
  newChat: "Neuer Chat",
  untitled: "Chat ohne Titel",
  skipToComposer: "Zum Eingabefeld springen",

  close: "Schließen",
  copy: "Kopieren",
  copied: "Kopiert",

  sidebar: {
    label: "Chats",
    open: "Chats einblenden",
    close: "Chats ausblenden",
    search: "Suchen",
    loading: "Chats werden geladen…",
    empty: "Hier erscheinen Ihre Chats.",
    failed: "Die Liste konnte nicht geladen werden.",
    more: "Ältere Chats zeigen",
    running: "Antwortet gerade",
    unread: "Neue Antwort",
    account: "Einstellungen",
  },

  chat: {
    actionsFor: (title) => `Aktionen für „${title}“`,
    rename: "Umbenennen",
    renameLabel: "Neuer Titel",
    pin: "Anheften",
    unpin: "Lösen",
    archive: "Archivieren",
    choose: "Mehrere auswählen",
    share: "Teilen",
    print: "Drucken",
    exportMarkdown: "Als Markdown speichern",
    exportJson: "Als JSON speichern",
    remove: "Löschen",
  },

  groups: {
    pinned: "Angeheftet",
    today: "Heute",
    yesterday: "Gestern",
    week: "Letzte 7 Tage",
    month: "Letzte 30 Tage",
    older: "Älter",
  },

  removal: {
    done: (title) => `„${title}“ gelöscht`,
    doneMany: (count) => `${plural(count, "Chat", "Chats")} gelöscht`,
    undoneMany: "Chats wiederhergestellt",
    undo: "Rückgängig",
    undone: "Chat wiederhergestellt",
  },

  temporary: {
    start: "Temporärer Chat",
    title: "Temporärer Chat",
    explanation: "Er steht weder in Ihrer Liste noch in der Suche und wird binnen eines Tages gelöscht.",
    sign: "Temporär",
  },

  search: {
    title: "Chats durchsuchen",
    placeholder: "Titel und Nachrichten durchsuchen",
    recent: "Zuletzt",
    searching: "Suche läuft…",
    found: (count) => (count === 0 ? "Keine Chats gefunden" : `${plural(count, "Chat", "Chats")} gefunden`),
    foundSoFar: (count) => `${plural(count, "Chat", "Chats")} gezeigt, es gibt weitere`,
    none: (words) => `Nichts gefunden zu „${words}“.`,
    hint: "Jedes Wort muss vorkommen, im Titel oder in einer Nachricht.",
    more: "Mehr zeigen",
  },

  share: {
    title: "Diesen Chat teilen",
    explanation:
      "Wer den Link hat, kann diesen Chat lesen, wie er jetzt ist. Man sieht weder, wer Sie sind, noch, was Sie später schreiben.",
    create: "Link erstellen",
    creating: "Einen Moment…",
    loading: "Link wird gesucht…",
    link: "Link",
    asOf: (when) => `Zeigt den Chat vom ${when}.`,
    renew: "Auf den neuesten Stand bringen",
    renewed: "Der Link zeigt den Chat jetzt auf dem neuesten Stand.",
    revoke: "Link widerrufen",
    revoked: "Der Link gilt nicht mehr.",
  },

  shared: {
    note: (when) => `Ein geteilter Chat, nur zum Lesen, vom ${when}.`,
    loading: "Der geteilte Chat wird geöffnet…",
    missing: "Unter dieser Adresse gibt es keinen geteilten Chat. Vielleicht wurde der Link widerrufen.",
    failed: "Der geteilte Chat konnte nicht geöffnet werden.",
    start: "Eigenen Chat beginnen",
  },

  settings: {
    title: "Einstellungen",
    theme: "Darstellung",
    themes: { system: "System", light: "Hell", dark: "Dunkel" },
    language: "Sprache",
    singleKeys: "Tastenkürzel aus einer einzigen Taste (? zeigt die Hilfe)",
    server: "Dieser Server",
    mode: { async: "Asynchrone Worker (gevent)", sync: "Synchrone Worker (Threads)" },
    guest: "Dieser Browser",
  },

  archive: {
    title: "Archivierte Chats",
    done: (title) => `„${title}“ archiviert`,
    doneMany: (count) => `${plural(count, "Chat", "Chats")} archiviert`,
    restore: "In die Liste zurückholen",
    empty: "Kein Chat ist archiviert.",
    sign: "Archiviert",
  },

  selection: {
    label: "Ausgewählte Chats",
    all: "Alle auswählen",
    count: (count) => `${count} ausgewählt`,
    archive: "Ausgewählte Chats archivieren",
    download: "Ausgewählte Chats exportieren",
    remove: "Ausgewählte Chats löschen",
    end: "Auswahl beenden",
  },

  notification: {
    setting: "Benachrichtigen, wenn eine Antwort fertig ist",
    refused:
      "Der Browser erlaubt dieser Seite keine Benachrichtigungen. Das lässt sich in seinen Einstellungen für diese Website ändern.",
    done: "Die Antwort ist fertig.",
  },

  data: {
    title: "Ihre Daten",
    download: "Alles exportieren",
    remove: "Alles löschen…",
    removeTitle: "Alles löschen",
    explanation: "Endgültig gelöscht werden, auch für andere:",
    goes: ({ conversations, messages, shares, instructions }) =>
      [
        plural(conversations, "Chat", "Chats") +
          `, auch archivierte und temporäre, mit ${plural(messages, "Nachricht", "Nachrichten")}`,
        shares > 0 && `${plural(shares, "geteilter Link", "geteilte Links")}, danach ungültig`,
        instructions && "Ihre Anweisungen",
        "Entwürfe und wartende Nachrichten in diesem Browser",
      ].filter(Boolean),
    sure: "Mir ist klar, dass sich das nicht rückgängig machen lässt.",
    removeNow: "Jetzt alles löschen",
  },

  instructions: {
    label: "Ihre Anweisungen",
    explanation:
      "Jede Antwort in jedem Chat richtet sich danach: wer Sie sind, wie Antworten sein sollen, was wegbleiben soll.",
    placeholder: "Zum Beispiel: Kurz antworten. Beträge in Euro.",
    save: "Speichern",
    saved: "Gespeichert",
    count: (count, limit) => `${count.toLocaleString("de")} von ${limit.toLocaleString("de")} Zeichen`,
    on: "Ihre Anweisungen gelten",
  },

  shortcuts: {
    title: "Tastenkürzel",
    open: "Tastenkürzel",
    groups: { page: "Überall", writing: "Im Eingabefeld" },
    or: "oder",
    keys: { control: "Strg", command: "⌘", shift: "Umschalt", escape: "Esc", enter: "Enter" },
    search: "Chats durchsuchen",
    newChat: "Neuer Chat",
    sidebar: "Liste der Chats ein- oder ausblenden",
    print: "Den ganzen Chat drucken",
    focus: "Zum Eingabefeld",
    help: "Diese Hilfe",
    close: "Schließen, was offen ist",
    send: "Senden; während einer Antwort: einreihen",
    newline: "Neue Zeile",
    editLast: "Letzte Frage bearbeiten, wenn das Feld leer ist",
    stop: "Antwort stoppen, wenn das Feld leer ist",
  },

  connection: {
    lost: "Keine Verbindung",
    explanation:
      "Der Server ist nicht erreichbar. Die Verbindung wird von selbst wieder aufgebaut; was Sie schreiben, bleibt erhalten.",
  },

  queue: {
    label: "Wartet aufs Senden",
    waiting: "Wird gesendet, sobald die Antwort vollständig ist",
    held: "Nicht gesendet, weil die Antwort unvollständig blieb",
    sendNow: "Jetzt senden",
    stopAndSend: "Jetzt senden und die Antwort stoppen",
    edit: "Bearbeiten",
    remove: "Löschen",
  },

  welcome: {
    greeting: "Was möchten Sie wissen?",
    introduction: "Fragen Sie nach Volkswirtschaften, Märkten und Währungen. Die Zahlen kommen mit Quelle und Datum.",
    answeredBy: "Es antwortet",
    demoModel: "das eingebaute Demo-Modell",
    suggestionsLabel: "Vorschläge",
    suggestions: [
      "Zeig mir Marktdaten zu China",
      "Vergleiche das BIP-Wachstum von Indien, China und Brasilien",
      "Wie hat sich der Euro dieses Jahr zum Dollar entwickelt?",
      "Was kannst du?",
    ],
    // Questions that the built-in demo understands.
    demoSuggestions: [
      "Zeig mir Marktdaten zu China",
      "Vergleiche das BIP-Wachstum von Indien, China und Brasilien",
      "Wie hat sich der Euro dieses Jahr zum Dollar entwickelt?",
      "Was kannst du?",
    ],
    demoTitle: "Kein Modell ist verbunden, darum antwortet die eingebaute Demo.",
    demo: [
      "Sie schlägt echte Zahlen nach, versteht aber nur wenig, auf Deutsch und Englisch. Um ein Modell zu verbinden, setzen Sie ",
      "OPENAI_API_KEY",
      " und, für einen anderen Endpunkt als den von OpenAI, ",
      "OPENAI_BASE_URL",
      " (das Modell wählt ",
      "CHAT_MODEL",
      ") in der Datei ",
      ".env",
      " und starten neu.",
    ],
  },

  followUp: {
    growth: (one, other) => `Vergleiche das BIP-Wachstum von ${one} und ${other}`,
    inflation: (names) => `Vergleiche die Inflation über 20 Jahre: ${listed.format(names)}`,
    economy: (name) => `Zeige mir Marktdaten: ${name}`,
    longer: (base, quote) => `${capitalised(base)} gegen ${quote} im letzten Jahr`,
    reverse: (base, quote) => `${capitalised(base)} gegen ${quote} in den letzten 30 Tagen`,
  },

  composer: {
    label: "Nachricht",
    placeholder: "Fragen Sie etwas",
    send: "Senden",
    queue: "Nachricht einreihen",
    stop: "Antwort stoppen",
    model: "Modell",
    modelGone: (name) => `${name} wird nicht mehr angeboten`,
    tooLong: (count, limit) =>
      `${count.toLocaleString("de")} von höchstens ${limit.toLocaleString("de")} Zeichen: bitte kürzen.`,
  },

  thread: {
    label: "Unterhaltung",
    loading: "Der Chat wird geöffnet…",
    missing: "Diesen Chat gibt es hier nicht. Vielleicht wurde er gelöscht, oder er gehört zu einem anderen Browser.",
    startNew: "Neuen Chat beginnen",
    failed: "Der Chat konnte nicht geöffnet werden.",
    toBottom: "Zum Ende springen",
    older: "Ältere Nachrichten werden geladen…",
    olderFailed: "Ältere Nachrichten konnten nicht geladen werden.",
    you: "Sie schrieben:",
    answer: "Die Antwort:",
  },

  answer: {
    waiting: "Denkt nach…",
    reasoning: "Überlegung",
    reconnecting: "Verbindung verloren. Wird wieder aufgebaut…",
    lost: "Die Verbindung zu dieser Antwort ging verloren.",
    reconnect: "Neu verbinden",
    interrupted: "Unterbrochen: Der Server wurde während dieser Antwort beendet.",
    stopped: "Gestoppt",
    failed: "Die Antwort ist fehlgeschlagen.",
    empty: "Das Modell hat keine Antwort gegeben.",
    notice: {
      without_tools: "Dieses Modell kann keine Zahlen nachschlagen.",
      older_left_out: "Ältere Nachrichten wurden weggelassen, weil das Modell nicht so viel lesen kann.",
    },
    retry: "Noch einmal",
    continueAnswer: "Weiter",
  },

  message: {
    actions: "Aktionen zu dieser Nachricht",
    copy: "Kopieren",
    copied: "Kopiert",
    edit: "Bearbeiten",
    more: "Mehr zeigen",
    less: "Weniger zeigen",
    editLabel: "Ihre Nachricht",
    save: "Senden",
    cancel: "Abbrechen",
    regenerate: "Noch einmal antworten",
    differently: "Anders antworten",
    shorter: "Kürzer",
    moreDetailed: "Ausführlicher",
    withModel: (model) => `Mit ${model}`,
    good: "Gute Antwort",
    bad: "Schlechte Antwort",
    versions: (index, count) => `Fassung ${index} von ${count}`,
    previous: "Vorige Fassung",
    next: "Nächste Fassung",
  },

  markdown: {
    code: "Code",
    copy: "Kopieren",
    copied: "Kopiert",
    notCopied: "Kopieren fehlgeschlagen",
    wrap: "Zeilen umbrechen",
    csv: "CSV",
    csvLabel: "Als CSV herunterladen",
    copyTable: "Tabelle kopieren",
    copyCode: "Code kopieren",
    table: "Tabelle",
    image: (name) => (name ? `Bild: ${name}` : "Bild"),
    note: (number) => `Fußnote ${number}`,
    notes: "Fußnoten",
    noteBack: (number) => `Zurück von Fußnote ${number}`,
    math: "Formel",
  },

  tool: {
    call: "Werkzeug",
    arguments: "Argumente",
    result: "Ergebnis",
    duration: "Dauer",
    data: "Daten",
    running: "läuft noch",
    unfinished: "endete ohne Ergebnis",
    failed: "fehlgeschlagen",
    shortened: (count) => `… und ${plural(count, "weiteres Zeichen", "weitere Zeichen")}`,
  },

  result: {
    sources: (count) => (count === 1 ? "Quelle" : "Quellen"),
    updated: (date) => `Stand ${date}`,
    retrieved: (date) => `abgerufen ${date}`,
    allRows: (count) => `Alle ${plural(count, "Zeile", "Zeilen")} zeigen`,
    allCharts: (count) => `Alle ${plural(count, "Diagramm", "Diagramme")} zeigen`,
    fewer: "Weniger zeigen",
    scrollTable: (title) => `Tabelle: ${title}`,
    sortBy: (head) => `Nach ${head} sortieren`,
    noValue: "–",
    untitled: "Zahlen",
  },

  figures,

  chart: {
    tools: (title) => `Ansicht von ${title}`,
    ranges: "Zeitraum",
    range: (months) => (months < 12 ? `${months} M` : `${months / 12} J`),
    rangeLabel: (months) =>
      months < 12
        ? months === 1
          ? "Letzter Monat"
          : `Letzte ${months} Monate`
        : months === 12
          ? "Letztes Jahr"
          : `Letzte ${months / 12} Jahre`,
    all: "Max",
    allLabel: "Alle Daten",
    index: "= 100",
    indexLabel: "Auf 100 bezogen",
    indexUnit: (when) => `${when} = 100`,
    change: "± %",
    changeLabel: "Veränderung in Prozent",
    changeUnit: (when) => `% seit ${when}`,
    log: "Log",
    logLabel: "Logarithmische Skala",
    logUnit: "logarithmisch",
    enlarge: "Vergrößern",
    enlargeLabel: (title) => `${title} vergrößern`,
    toggle: (name) => `${name} zeigen oder ausblenden`,
    figures: "Zahlen als Tabelle",
    png: "PNG",
    pngLabel: (title) => `${title} als PNG herunterladen`,
    csvLabel: (title) => `Zahlen zu ${title} als CSV herunterladen`,
    keys: "Die Pfeiltasten führen durch die Zahlen.",
    at: (when, values) => `${when}: ${values}`,
    year: "Jahr",
    date: "Datum",
    empty: "Es gibt keine Zahlen zu zeichnen.",
    description: { line: "Liniendiagramm", bar: "Balkendiagramm" },
    span: (title, kind, first, last) => `${kind}: ${title}, ${first} bis ${last}.`,
    latest: (name, value, when) => `${name}: ${value} (${when}).`,
  },

  status: {
    generating: "Antwort entsteht…",
    complete: "Antwort vollständig",
    stopped: "Antwort gestoppt",
    failed: "Die Antwort ist fehlgeschlagen",
    reconnecting: "Verbindung wird wieder aufgebaut…",
    opened: (title) => `${title} geöffnet`,
  },

  problem: {
    dismiss: "Ausblenden",
    again: "Noch einmal versuchen",
    reload: "Neu laden",
    unreachable: "Der Server ist nicht erreichbar. Ihr Text bleibt; versuchen Sie es gleich noch einmal.",
    unreachableAtStart: "Der Server ist nicht erreichbar.",
    busyFor: (message, seconds) =>
      `${message} Versuchen Sie es in ${plural(seconds, "Sekunde", "Sekunden")} noch einmal.`,
    unexpected: (status) => `Der Server gab eine unerwartete Antwort (${status}).`,
    garbled: "Die Antwort des Servers war nicht lesbar.",
    unknown: "Auf dieser Seite ging etwas schief. Laden Sie sie neu, falls sie sich nicht fängt.",
    byCode: errors,
    // The server writes English, so repeat only the endpoint's own reason.
    ownWords: false,
    reported: (reason) => `Der Endpunkt meldet: „${reason}“`,
  },

  milliseconds: (value) => `${value.toLocaleString("de")} ms`,
  seconds: (value) => `${String(value).replace(".", ",")} s`,
  minutes: (minutes, seconds) => `${minutes} min ${seconds} s`,
};
