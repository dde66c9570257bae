// Read-only links to a conversation, and its files.

export function sharingActions({ store, api }) {
  const read = (json) => ({ url: new URL(String(json.url), location.origin).href, createdAt: json.created_at });

  return {
    /** `{url, createdAt}`, or null where none was made. Throws what `api` throws, as the others here do. */
    async shareOf(id) {
      // Another window may have made or revoked it a moment ago.
      const { shared } = await api.conversation(id, { limit: 1 });
      return shared ? read(await api.shareOf(id)) : null;
    },
    /** The branch that is shown here; the newest one of a chat that is not open. */
    async share(id) {
      const { onSideBranch, headId } = store.state.conversations.get(id) ?? {};
      return read(await api.share(id, onSideBranch ? { leaf_id: headId } : {}));
    },
    unshare: (id) => api.unshare(id),
    exportAddress: api.exportAddress,
  };
}
