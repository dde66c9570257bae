// The operators' page in English.

const plural = (count, one, many) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

export const texts = {
  language: "en",
  locale: "en-GB",
  units: ["s", "min", "h", "d"],

  title: "Workers",
  loading: "The workers are asked…",
  unreachable: "The server does not answer. The figures below are the last ones.",
  refreshed: (time) => `as of ${time}, refreshed every 5 seconds`,
  modes: { async: "gevent workers", sync: "gthread workers" },
  chats: "To the chats",
  signOut: "Sign out",
  stillSignedIn: "Signing out failed: the session goes on. Try again in a moment.",

  well: (count, servers) =>
    `${plural(count, "worker is", "workers are")} well${servers > 1 ? `, on ${plural(servers, "server", "servers")}` : ""}.`,
  problems: {
    stale: (pid, seconds) =>
      `${pid} has not reported for ${plural(seconds, "second", "seconds")}: it is blocked or stopped. Look at the end of app.log.`,
    blocked: (pid, count) =>
      `${pid} was blocked ${count === 1 ? "once" : `${count.toLocaleString("en")} times`} in the last five minutes: see below which code blocked it.`,
    lag: (pid, ms) => `${pid} runs ${Math.round(ms).toLocaleString("en")} ms late: it or its machine is overloaded.`,
    grows: (pid, value, bytes) => `${pid} grows ${bytes(value)} a minute: take a snapshot.`,
  },

  totals: {
    turns: "Turns running",
    conversations: "Chats in memory",
    memory: "Memory of chats",
    rss: "Resident memory",
  },

  workers: "Workers",
  stale: "no report",
  noSlope: "slope in 2 min",
  perMinute: (value) => `${value}/min`,
  of: (value, limit) => `${value} of ${limit}`,
  sortBy: "Sort by",
  ascending: "Ascending",
  descending: "Descending",
  columns: {
    worker: "Worker",
    active_turns: "Turns",
    open_streams: "Streams",
    conversations_in_memory: "Chats",
    memory_bytes: "Memory of chats",
    rss_bytes: "Resident",
    pss_bytes: "Own share",
    loop_lag_ms: "Lag",
    greenlets: "Greenlets",
    threads: "Threads",
    fds: "Files",
    started_at: "Running for",
    id: "Chat",
    messages: "Messages",
    tokens: "Tokens",
    bytes: "Size",
    idle_s: "Idle",
    running: "Running",
    subscribers: "Followers",
  },

  blockedTitle: "Blocked loops",
  nothingBlocked: "No worker’s loop was blocked.",
  noLoop: "These workers have no loop that could be blocked.",

  conversations: "Chats in memory or running",
  noConversations: "No chat is in memory.",
  showAll: (count) => `Show all ${count.toLocaleString("en")}`,
  showLargest: (count) => `Show the ${count.toLocaleString("en")} largest`,
  about: (value) => `about ${value}`,
  yes: "yes",
  no: "no",

  looksTitle: "Deeper looks",
  looksIntro: "Each look is at one worker, one at a time, and leaves a line in app.log. None shows a value of a user.",
  looking: "Looking…",
  lookTook: (pid, time) => `Worker ${pid}, ${time}:`,
  lookProblem: "The worker did not answer. It may be blocked, or about to end.",
  lookProblems: {
    look_running: "Another look is running. Wait until it has ended.",
    already_tracing: "The allocations of this worker are already being traced.",
    not_tracing: "The allocations of this worker are not being traced. Start that first.",
    no_snapshot: "There is no snapshot to compare with. Take one first.",
    not_found: "This worker has ended.",
  },
  kinds: {
    greenlet: (count) => plural(count, "greenlet", "greenlets"),
    thread: (count) => plural(count, "thread", "threads"),
  },
  looks: {
    stacks: {
      name: "Stacks",
      cost: "Where each greenlet and thread is. Walks over all objects, and lets others run.",
      summary: (figures) =>
        `${plural(figures.greenlets, "greenlet", "greenlets")} and ${plural(figures.threads, "thread", "threads")}.`,
    },
    growth: {
      name: "Objects by type",
      cost: "Counts all objects, and compares with the last count. Lets others run.",
      summary: ({ objects, grown }) =>
        grown === undefined
          ? `${plural(objects, "object", "objects")}. The next count says what has grown.`
          : `${plural(objects, "object", "objects")}, ${grown > 0 ? "+" : ""}${grown.toLocaleString("en")} since the last count.`,
    },
    collection: {
      name: "Collect garbage",
      cost: "Blocks the worker for about 0.1 s per million objects.",
      summary: ({ freed, rss_before, rss_after }, bytes) =>
        `${plural(freed, "object", "objects")} freed, ${bytes(Math.max(0, rss_before - rss_after))} given back.`,
    },
    tracemalloc_start: {
      name: "Trace allocations",
      cost: "Until stopped, for at most 30 minutes: an allocation takes up to five times the CPU.",
      summary: () => "Allocations are traced from now on.",
    },
    tracemalloc_snapshot: {
      name: "Snapshot",
      cost: "The lines of code that hold the most memory. Blocks the worker for about 4 s per million allocations.",
      summary: ({ bytes: total, lines }, bytes) => `${bytes(total)} at ${plural(lines, "line", "lines")}.`,
    },
    tracemalloc_difference: {
      name: "Difference",
      cost: "What has changed since the last snapshot. Blocks the worker for about 4 s per million allocations.",
      summary: ({ bytes: total, lines }, bytes) => `${bytes(total)} more at ${plural(lines, "line", "lines")}.`,
    },
    tracemalloc_stop: {
      name: "Stop tracing",
      cost: "Costs nothing.",
      summary: () => "Allocations are no longer traced.",
    },
    log_level: {
      name: "Log everything",
      cost: "The level DEBUG in app.log, for ten minutes.",
      summary: () => "The log has everything for ten minutes.",
    },
  },
};
