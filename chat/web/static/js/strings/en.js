// Every sentence the page shows, in English. A second language is a second file with the same names.

const plural = (count, one, many) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

export const strings = {
  language: "en",
  numberLocale: "en",
  dateLocale: "en-GB",

  product: "Parley",
  newChat: "New chat",
  untitled: "Untitled chat",
  skipToComposer: "Skip to the message box",

  sidebar: {
    label: "Chats",
    open: "Show chats",
    close: "Hide chats",
    loading: "Loading chats…",
    empty: "Your chats will be listed here.",
    failed: "The list could not be loaded.",
    more: "Show older chats",
    running: "Answering",
    actionsFor: (title) => `Actions for “${title}”`,
    rename: "Rename",
    renameLabel: "New title",
    remove: "Delete",
    mode: { async: "Async workers (gevent)", sync: "Sync workers (threads)" },
  },

  groups: {
    pinned: "Pinned",
    today: "Today",
    yesterday: "Yesterday",
    week: "Previous 7 days",
    month: "Previous 30 days",
    older: "Older",
  },

  removal: {
    question: "Delete this chat?",
    warning: (title) => `“${title}” and everything in it will be deleted for good.`,
    confirm: "Delete",
    cancel: "Keep it",
  },

  welcome: {
    greeting: "What would you like to know?",
    introduction: "Ask about economies, markets and currencies. The figures come with their source and date.",
    suggestionsLabel: "Suggestions",
    suggestions: [
      "Show me China market data",
      "Compare GDP growth of India, China and Brazil",
      "How has the euro moved against the dollar this year?",
      "What can you do?",
    ],
    demoTitle: "No model is connected, so the built-in demo answers.",
    demo: [
      "It really looks figures up, but understands little. To connect a model, set ",
      "OPENAI_API_KEY",
      " and, for an endpoint other than OpenAI’s, ",
      "OPENAI_BASE_URL",
      " (choose the model with ",
      "CHAT_MODEL",
      ") in the file ",
      ".env",
      ", then restart.",
    ],
  },

  composer: {
    label: "Message",
    placeholder: "Ask anything",
    send: "Send",
    sending: "Sending…",
    answering: "Answering…",
    model: "Model",
    tooLong: (count, limit) =>
      `${count.toLocaleString("en")} of at most ${limit.toLocaleString("en")} characters: shorten it to send it.`,
  },

  thread: {
    label: "Conversation",
    loading: "Opening the chat…",
    missing: "There is no such chat here. It may have been deleted, or it belongs to another browser.",
    failed: "The chat could not be opened.",
    toBottom: "Jump to the end",
    you: "You said:",
    answer: "The answer:",
  },

  answer: {
    waiting: "Thinking…",
    reasoning: "Reasoning",
    reconnecting: "Connection lost. Reconnecting…",
    lost: "The connection to this answer was lost.",
    reconnect: "Reconnect",
    interrupted: "The answer was interrupted.",
    stopped: "The answer was stopped.",
    failed: "The answer failed.",
    empty: "The model gave no answer.",
    retry: "Retry",
  },

  tool: {
    call: "Tool",
    arguments: "Arguments",
    result: "Result",
    data: "Data",
    running: "still running",
    unfinished: "ended without a result",
    failed: "failed",
    shortened: (count) => `… and ${plural(count, "more character", "more characters")}`,
  },

  result: {
    sources: (count) => (count === 1 ? "Source" : "Sources"),
    updated: (date) => `updated ${date}`,
    retrieved: (date) => `retrieved ${date}`,
    allRows: (count) => `Show all ${plural(count, "row", "rows")}`,
    allCharts: (count) => `Show all ${plural(count, "chart", "charts")}`,
    fewer: "Show fewer",
    scrollTable: (title) => `Table: ${title}`,
    noValue: "–",
    untitled: "Figures",
  },

  chart: {
    figures: "Figures as a table",
    year: "Year",
    date: "Date",
    empty: "There are no figures to draw.",
    description: { line: "Line chart", bar: "Bar chart" },
    span: (title, kind, first, last) => `${kind}: ${title}, ${first} to ${last}.`,
    latest: (name, value, when) => `${name}: ${value} (${when}).`,
  },

  status: {
    generating: "Generating…",
    complete: "Response complete",
    failed: "The answer failed",
    reconnecting: "Reconnecting…",
    opened: (title) => `Opened ${title}`,
    removed: "Chat deleted",
  },

  problem: {
    dismiss: "Dismiss",
    again: "Try again",
    reload: "Reload",
    unreachable: "The server can’t be reached. Your text is kept; try again in a moment.",
    unreachableAtStart: "The server can’t be reached.",
    busyFor: (message, seconds) => `${message} Try again in ${plural(seconds, "second", "seconds")}.`,
    unexpected: (status) => `The server gave an unexpected answer (${status}).`,
    garbled: "The server’s answer could not be read.",
    unknown: "Something went wrong in this page. Reload it if it does not recover.",
  },

  milliseconds: (value) => `${value} ms`,
  seconds: (value) => `${value} s`,
  minutes: (minutes, seconds) => `${minutes} min ${seconds} s`,
};
