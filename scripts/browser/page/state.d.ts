// Types of the page's state for JSDoc: `@param {Message} message`.

/** The server's number, or a local id for an object without one. */
type Id = number | string;
type Role = "user" | "assistant";

interface ToolResult {
  ok: boolean;
  summary: string;
  data: any;
  durationMs: number | null;
}

interface ToolCall {
  id: string;
  name: string;
  label: string;
  arguments: any;
  result: ToolResult | null;
  /** the last line of a running call */
  progress?: string;
}

type Part = { kind: "text" | "reasoning"; text: string } | { kind: "tool"; call: ToolCall };

interface AnswerError {
  code: string;
  message: string;
  retryable: boolean;
  reason: string;
  retryAfter: number | null;
}

interface Message {
  key: string;
  id: Id;
  parentId: Id | null;
  role: Role;
  status: string;
  parts: Part[];
  model: string | null;
  turnId: number | null;
  error: AnswerError | null;
  notices: string[];
  usage: any;
  durationMs: number | null;
  siblings: number[];
  feedback: 1 | -1 | null;
}

interface Conversation {
  key: Id;
  title: string;
  phase: "ready" | "loading" | "missing" | "failed";
  messages: Map<Id, Message>;
  headId: Id | null;
  turn: { phase: "sending" | "streaming" | "reconnecting" | "lost" } | null;
  onSideBranch: boolean;
  older: "loading" | "failed" | null;
  targetId: number | null;
  pinned?: boolean;
  archived?: boolean;
  temporary?: boolean;
}

interface HistoryItem {
  id: number;
  title: string;
  updatedAt: number;
  pinned: boolean;
  running: boolean;
  archived: boolean;
}

/** A turn's events and their data, by name (docs/api.md). */
interface TurnEvents {
  turn: { turn_id: number; message_id: number; user_message_id: number; model?: string | null };
  title: { title: string };
  delta: { text: string };
  reasoning: { text: string };
  tool_call: { id: string; name: string; label?: string; arguments?: any };
  tool_result: { id: string; ok?: boolean; summary?: string; data?: any; duration_ms?: number };
  error: { code: string; message: string; retryable?: boolean; reason?: string; retry_after?: number };
  done: { status: string; notices?: string[]; usage?: any; duration_ms?: number };
}
