// Read-only links to a conversation, and its files.

import { ApiError } from "../api.js";

export function sharingActions({ store, api }) {
  const read = (json) => ({ url: new URL(String(json.url), location.origin).href, createdAt: json.created_at });

  return {
    /** `{url, createdAt}`, or null where none was made. Throws what `api` throws, as the others here do. */
    async shareOf(id) {
      try {
        return read(await api.shareOf(id));
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
    /** The branch that is shown here; the newest one of a chat that is not open. */
    async share(id) {
      const { chosen, headId } = store.state.conversations.get(id) ?? {};
      return read(await api.share(id, chosen ? { leaf_id: headId } : {}));
    },
    unshare: (id) => api.unshare(id),
    exportAddress: api.exportAddress,
  };
}
