// Where on its host this page is published: "" at the root, or a path such as "/chat".

export const BASE = globalThis.document?.documentElement?.dataset?.base ?? "";
