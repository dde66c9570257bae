// All visible text in English. Each language is a file with the same names.

import { errors } from "./errors-en.js";
import { figures } from "./figures-en.js";

const plural = (count, one, many) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
const listed = new Intl.ListFormat("en-GB");
const capitalised = (words) => words.charAt(0).toLocaleUpperCase("en") + words.slice(1);

export const strings = {
  language: "en",
  ownName: "English",
  numberLocale: "en",
  dateLocale: "en-GB",

  product: "Parley",
  newChat: "New chat",
  untitled: "Untitled chat",
  skipToComposer: "Skip to the message box",

  close: "Close",
  copy: "Copy",
  copied: "Copied",

  sidebar: {
    label: "Chats",
    open: "Show chats",
    close: "Hide chats",
    search: "Search",
    loading: "Loading chats…",
    empty: "Your chats will be listed here.",
    failed: "The list could not be loaded.",
    more: "Show older chats",
    running: "Answering",
    unread: "New answer",
    account: "Settings",
  },

  chat: {
    actionsFor: (title) => `Actions for “${title}”`,
    rename: "Rename",
    renameLabel: "New title",
    pin: "Pin",
    unpin: "Unpin",
    archive: "Archive",
    choose: "Select several",
    share: "Share",
    print: "Print",
    exportMarkdown: "Export as Markdown",
    exportJson: "Export as JSON",
    remove: "Delete",
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
    done: (title) => `Deleted “${title}”`,
    doneMany: (count) => `Deleted ${plural(count, "chat", "chats")}`,
    undoneMany: "Chats restored",
    undo: "Undo",
    undone: "Chat restored",
  },

  temporary: {
    start: "Temporary chat",
    title: "Temporary chat",
    explanation: "It stays out of your list and out of search, and is deleted within a day.",
    sign: "Temporary",
  },

  search: {
    title: "Search chats",
    placeholder: "Search titles and messages",
    recent: "Recent",
    searching: "Searching…",
    found: (count) => (count === 0 ? "No chats found" : `${plural(count, "chat", "chats")} found`),
    foundSoFar: (count) => `${plural(count, "chat", "chats")} shown, and there are more`,
    none: (words) => `Nothing found for “${words}”.`,
    hint: "Every word has to occur, in the title or in a message.",
    more: "Show more",
  },

  share: {
    title: "Share this chat",
    explanation:
      "Anyone who has the link can read this chat as it is now. They see neither who you are nor what you write later.",
    create: "Create a link",
    creating: "Creating the link…",
    loading: "Looking for a link…",
    link: "Link",
    asOf: (when) => `Shows the chat as of ${when}.`,
    renew: "Update to now",
    renewed: "The link now shows the present chat.",
    revoke: "Revoke the link",
    revoked: "The link no longer works.",
  },

  shared: {
    note: (when) => `A shared chat, read-only, as of ${when}.`,
    loading: "Opening the shared chat…",
    missing: "There is no shared chat at this address. The link may have been revoked.",
    failed: "The shared chat could not be opened.",
    start: "Start a chat of your own",
  },

  settings: {
    title: "Settings",
    theme: "Appearance",
    themes: { system: "System", light: "Light", dark: "Dark" },
    language: "Language",
    singleKeys: "Single-key shortcuts (? for help)",
    server: "This server",
    mode: { async: "Async workers (gevent)", sync: "Sync workers (threads)" },
    guest: "This browser",
  },

  archive: {
    title: "Archived chats",
    done: (title) => `Archived “${title}”`,
    doneMany: (count) => `Archived ${plural(count, "chat", "chats")}`,
    restore: "Move back to the list",
    empty: "No chat is archived.",
    sign: "Archived",
  },

  selection: {
    label: "Selected chats",
    all: "Select all",
    count: (count) => `${count} selected`,
    archive: "Archive the selected chats",
    download: "Export the selected chats",
    remove: "Delete the selected chats",
    end: "End the selection",
  },

  notification: {
    setting: "Notify me when an answer is complete",
    refused: "The browser does not allow notifications from this page. Its settings for this site can change that.",
    done: "The answer is complete.",
  },

  data: {
    title: "Your data",
    download: "Export everything",
    remove: "Delete everything…",
    removeTitle: "Delete everything",
    explanation: "This deletes for good, for everyone:",
    goes: ({ conversations, messages, shares, instructions }) =>
      [
        plural(conversations, "chat", "chats") +
          `, archived and temporary ones too, with ${plural(messages, "message", "messages")}`,
        shares > 0 && `${plural(shares, "shared link", "shared links")}, which will no longer work`,
        instructions && "your instructions",
        "drafts and waiting messages in this browser",
      ].filter(Boolean),
    sure: "I understand that this cannot be undone.",
    removeNow: "Delete everything now",
  },

  instructions: {
    label: "Your instructions",
    explanation: "Every answer in every chat follows them: who you are, how you like answers, what to leave out.",
    placeholder: "For example: Answer briefly. Amounts in euros.",
    save: "Save",
    saved: "Saved",
    count: (count, limit) => `${count.toLocaleString("en")} of ${limit.toLocaleString("en")} characters`,
    on: "Your instructions are on",
  },

  shortcuts: {
    title: "Keyboard shortcuts",
    open: "Keyboard shortcuts",
    groups: { page: "Everywhere", writing: "In the message box" },
    or: "or",
    keys: { control: "Ctrl", command: "⌘", shift: "Shift", escape: "Esc", enter: "Enter" },
    search: "Search chats",
    newChat: "New chat",
    sidebar: "Show or hide the list of chats",
    print: "Print the whole chat",
    focus: "Go to the message box",
    help: "This help",
    close: "Close the open dialog or menu",
    send: "Send, or queue while an answer is running",
    newline: "New line",
    editLast: "Edit the last question, when the box is empty",
    stop: "Stop the answer, when the box is empty",
  },

  connection: {
    lost: "No connection",
    explanation: "The server can’t be reached. Reconnecting automatically; what you type is kept.",
  },

  queue: {
    label: "Waiting to be sent",
    waiting: "Sent when the answer is complete",
    held: "Not sent, because the answer did not complete",
    sendNow: "Send now",
    stopAndSend: "Send now, stopping the answer",
    edit: "Edit",
    remove: "Delete",
  },

  welcome: {
    greeting: "What would you like to know?",
    introduction: "Ask about economies, markets and currencies. The figures come with their source and date.",
    answeredBy: "Answers come from",
    demoModel: "the built-in demo",
    suggestionsLabel: "Suggestions",
    suggestions: [
      "Show me China market data",
      "Compare GDP growth of India, China and Brazil",
      "How has the euro moved against the dollar this year?",
      "What can you do?",
    ],
    // Questions that the built-in demo understands.
    demoSuggestions: [
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

  followUp: {
    growth: (one, other) => `Compare GDP growth of ${one} and ${other}`,
    inflation: (names) => `Compare inflation of ${listed.format(names)} over 20 years`,
    economy: (name) => `Show me ${name} market data`,
    longer: (base, quote) => `${capitalised(base)} against ${quote} over the last year`,
    reverse: (base, quote) => `${capitalised(base)} against ${quote} over the last 30 days`,
  },

  composer: {
    label: "Message",
    placeholder: "Ask anything",
    send: "Send",
    queue: "Queue message",
    stop: "Stop the answer",
    model: "Model",
    modelGone: (name) => `${name} is not offered any more`,
    tooLong: (count, limit) =>
      `${count.toLocaleString("en")} of at most ${limit.toLocaleString("en")} characters: shorten it to send it.`,
  },

  thread: {
    label: "Conversation",
    loading: "Opening the chat…",
    missing: "There is no such chat here. It may have been deleted, or it belongs to another browser.",
    startNew: "Start a new chat",
    failed: "The chat could not be opened.",
    toBottom: "Jump to the end",
    older: "Loading older messages…",
    olderFailed: "Older messages could not be loaded.",
    you: "You said:",
    answer: "The answer:",
  },

  answer: {
    waiting: "Thinking…",
    reasoning: "Reasoning",
    reconnecting: "Connection lost. Reconnecting…",
    lost: "The connection to this answer was lost.",
    reconnect: "Reconnect",
    interrupted: "Interrupted: the server stopped in the middle of this answer.",
    stopped: "Stopped",
    failed: "The answer failed.",
    empty: "The model gave no answer.",
    notice: {
      without_tools: "This model cannot look figures up.",
      older_left_out: "Older messages did not fit into what the model can read and were left out.",
    },
    retry: "Retry",
    continueAnswer: "Continue",
  },

  message: {
    actions: "Actions of this message",
    copy: "Copy",
    copied: "Copied",
    edit: "Edit",
    more: "Show more",
    less: "Show less",
    editLabel: "Your message",
    save: "Send",
    cancel: "Cancel",
    regenerate: "Answer again",
    differently: "Answer in another way",
    shorter: "Shorter",
    moreDetailed: "More detailed",
    withModel: (model) => `With ${model}`,
    good: "Good answer",
    bad: "Bad answer",
    versions: (index, count) => `Version ${index} of ${count}`,
    previous: "Previous version",
    next: "Next version",
  },

  markdown: {
    code: "code",
    copy: "Copy",
    copied: "Copied",
    notCopied: "Could not copy",
    wrap: "Wrap lines",
    csv: "CSV",
    csvLabel: "Download as CSV",
    copyTable: "Copy table",
    copyCode: "Copy code",
    table: "Table",
    image: (name) => (name ? `Image: ${name}` : "Image"),
    note: (number) => `Note ${number}`,
    notes: "Notes",
    noteBack: (number) => `Back from note ${number}`,
    math: "Formula",
  },

  tool: {
    call: "Tool",
    arguments: "Arguments",
    result: "Result",
    duration: "Took",
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
    sortBy: (head) => `Sort by ${head}`,
    noValue: "–",
    untitled: "Figures",
  },

  figures,

  chart: {
    tools: (title) => `View of ${title}`,
    ranges: "Range",
    range: (months) => (months < 12 ? `${months}M` : `${months / 12}Y`),
    rangeLabel: (months) =>
      `Last ${months < 12 ? plural(months, "month", "months") : plural(months / 12, "year", "years")}`,
    all: "Max",
    allLabel: "All data",
    index: "= 100",
    indexLabel: "Rebased to 100",
    indexUnit: (when) => `${when} = 100`,
    change: "± %",
    changeLabel: "Change in percent",
    changeUnit: (when) => `% since ${when}`,
    log: "Log",
    logLabel: "Logarithmic scale",
    logUnit: "logarithmic",
    enlarge: "Enlarge",
    enlargeLabel: (title) => `Enlarge ${title}`,
    toggle: (name) => `Show or hide ${name}`,
    figures: "Figures as a table",
    png: "PNG",
    pngLabel: (title) => `Download ${title} as PNG`,
    csvLabel: (title) => `Download the figures of ${title} as CSV`,
    keys: "Arrow keys move through the figures.",
    at: (when, values) => `${when}: ${values}`,
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
    stopped: "Response stopped",
    failed: "The answer failed",
    reconnecting: "Reconnecting…",
    opened: (title) => `Opened ${title}`,
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
    byCode: errors,
    // English errors are the server's own text, which has cause and remedy.
    ownWords: true,
    reported: (reason) => `The endpoint says: “${reason}”`,
  },

  milliseconds: (value) => `${value} ms`,
  seconds: (value) => `${value} s`,
  minutes: (minutes, seconds) => `${minutes} min ${seconds} s`,
};
