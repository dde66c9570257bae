// The operators' page in German.

const plural = (count, one, many) => `${count.toLocaleString("de")} ${count === 1 ? one : many}`;

export const texts = {
  language: "de",
  locale: "de-DE",
  units: ["s", "min", "h", "d"],

  title: "Worker",
  loading: "Die Worker werden gefragt…",
  unreachable: "Der Server antwortet nicht. Unten stehen die letzten Werte.",
  refreshed: (time) => `Stand ${time}, alle 5 Sekunden erneuert`,
  modes: { async: "gevent-Worker", sync: "gthread-Worker" },
  chats: "Zu den Chats",
  signOut: "Abmelden",
  stillSignedIn: "Das Abmelden ist fehlgeschlagen: Die Sitzung läuft weiter. Versuchen Sie es gleich noch einmal.",

  well: (count, servers) =>
    `${plural(count, "Worker läuft", "Worker laufen")} normal${servers > 1 ? `, auf ${plural(servers, "Server", "Servern")}` : ""}.`,
  problems: {
    stale: (pid, seconds) =>
      `${pid} meldet sich seit ${plural(seconds, "Sekunde", "Sekunden")} nicht: Er ist blockiert oder angehalten. Sehen Sie am Ende von app.log nach.`,
    blocked: (pid, count) =>
      `${pid} war in den letzten fünf Minuten ${count === 1 ? "einmal" : `${count.toLocaleString("de")}\u00A0Mal`} blockiert: Unten steht, welcher Code ihn aufhielt.`,
    lag: (pid, ms) =>
      `${pid} ist ${Math.round(ms).toLocaleString("de")} ms im Verzug: Er oder sein Rechner ist überlastet.`,
    grows: (pid, value, bytes) => `${pid} wächst um ${bytes(value)} pro Minute: Erstellen Sie eine Momentaufnahme.`,
  },

  totals: {
    turns: "Laufende Antworten",
    conversations: "Chats im Speicher",
    memory: "Speicher der Chats",
    rss: "Belegter Speicher",
  },

  workers: "Worker",
  stale: "keine Meldung",
  noSlope: "Trend in 2 min",
  perMinute: (value) => `${value}/min`,
  of: (value, limit) => `${value} von ${limit}`,
  sortBy: "Sortieren nach",
  ascending: "Aufsteigend",
  descending: "Absteigend",
  columns: {
    worker: "Worker",
    active_turns: "Antworten",
    open_streams: "Streams",
    conversations_in_memory: "Chats",
    memory_bytes: "Speicher der Chats",
    rss_bytes: "Belegt",
    pss_bytes: "Eigener Anteil",
    loop_lag_ms: "Verzug",
    greenlets: "Greenlets",
    threads: "Threads",
    fds: "Dateien",
    started_at: "Läuft seit",
    id: "Chat",
    messages: "Nachrichten",
    tokens: "Token",
    bytes: "Größe",
    idle_s: "Ruht seit",
    running: "Läuft",
    subscribers: "Zuhörer",
  },

  blockedTitle: "Blockierte Schleifen",
  nothingBlocked: "Kein Worker war blockiert.",
  noLoop: "Diese Worker haben keine Schleife, die blockiert sein könnte.",

  conversations: "Chats im Speicher oder in Arbeit",
  noConversations: "Kein Chat ist im Speicher.",
  showAll: (count) => `Alle ${count.toLocaleString("de")} zeigen`,
  showLargest: (count) => `Die ${count.toLocaleString("de")} größten zeigen`,
  about: (value) => `etwa ${value}`,
  yes: "ja",
  no: "nein",

  looksTitle: "Genauer hinsehen",
  looksIntro:
    "Jede Untersuchung betrifft einen Worker und hinterlässt eine Zeile in app.log. Es läuft immer nur eine. Keine zeigt Inhalte.",
  looking: "Untersuchung läuft…",
  lookTook: (pid, time) => `Worker ${pid}, ${time}:`,
  lookProblem: "Der Worker hat nicht geantwortet. Vielleicht ist er blockiert oder wird gerade beendet.",
  lookProblems: {
    look_running: "Es läuft schon eine Untersuchung. Warten Sie auf ihr Ende.",
    already_tracing: "Die Speicherzuweisungen dieses Workers werden schon aufgezeichnet.",
    not_tracing: "Die Speicherzuweisungen dieses Workers werden nicht aufgezeichnet. Beginnen Sie zuerst damit.",
    no_snapshot: "Es gibt keine Momentaufnahme zum Vergleichen. Erstellen Sie zuerst eine.",
    not_found: "Diesen Worker gibt es nicht mehr.",
  },
  kinds: {
    greenlet: (count) => plural(count, "Greenlet", "Greenlets"),
    thread: (count) => plural(count, "Thread", "Threads"),
  },
  looks: {
    stacks: {
      name: "Aufrufstapel",
      cost: "Wo jedes Greenlet und jeder Thread steht. Geht alle Objekte durch; andere Arbeit läuft dazwischen weiter.",
      summary: (figures) =>
        `${plural(figures.greenlets, "Greenlet", "Greenlets")} und ${plural(figures.threads, "Thread", "Threads")}.`,
    },
    growth: {
      name: "Objekte nach Typ",
      cost: "Zählt alle Objekte und vergleicht mit der letzten Zählung. Andere Arbeit läuft dazwischen weiter.",
      summary: ({ objects, grown }) =>
        grown === undefined
          ? `${plural(objects, "Objekt", "Objekte")}. Die nächste Zählung sagt, was gewachsen ist.`
          : `${plural(objects, "Objekt", "Objekte")}, ${grown > 0 ? "+" : ""}${grown.toLocaleString("de")} seit der letzten Zählung.`,
    },
    collection: {
      name: "Speicherbereinigung",
      cost: "Blockiert den Worker etwa 0,1 s je Million Objekte.",
      summary: ({ freed, rss_before, rss_after }, bytes) =>
        `${plural(freed, "Objekt", "Objekte")} freigegeben, ${bytes(Math.max(0, rss_before - rss_after))} zurückgegeben.`,
    },
    tracemalloc_start: {
      name: "Speicherzuweisungen aufzeichnen",
      cost: "Bis zum Ende, höchstens 30 Minuten: Eine Speicherzuweisung braucht bis zu fünfmal so viel Rechenzeit.",
      summary: () => "Von jetzt an wird aufgezeichnet.",
    },
    tracemalloc_snapshot: {
      name: "Momentaufnahme",
      cost: "Die Codezeilen, die am meisten belegen. Blockiert den Worker etwa 4 s je Million Speicherzuweisungen.",
      summary: ({ bytes: total, lines }, bytes) => `${bytes(total)} an ${plural(lines, "Stelle", "Stellen")}.`,
    },
    tracemalloc_difference: {
      name: "Unterschied",
      cost: "Was sich seit der letzten Momentaufnahme geändert hat. Blockiert den Worker etwa 4 s je Million Speicherzuweisungen.",
      summary: ({ bytes: total, lines }, bytes) => `${bytes(total)} mehr an ${plural(lines, "Stelle", "Stellen")}.`,
    },
    tracemalloc_stop: {
      name: "Aufzeichnung beenden",
      cost: "Kostet nichts.",
      summary: () => "Es wird nicht mehr aufgezeichnet.",
    },
    log_level: {
      name: "Alles protokollieren",
      cost: "Die Stufe DEBUG in app.log, zehn Minuten lang.",
      summary: () => "Zehn Minuten lang wird alles protokolliert.",
    },
  },
};
