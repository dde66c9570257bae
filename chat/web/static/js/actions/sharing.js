// Read-only links to a conversation, and its exports.

export function sharingActions({ store, api }) {
  const read = (json) => ({ url: new URL(String(json.url), location.origin).href, createdAt: json.created_at });

  return {
    /**
     * Return `{url, createdAt}`, or null if the chat is not shared. Throws the errors of `api`, like the other actions
     * here.
     */
    async shareOf(id) {
      // Another window may have created or revoked the link a moment ago.
      const { shared } = await api.conversation(id, { limit: 1 });
      return shared ? read(await api.shareOf(id)) : null;
    },
    /** Share the branch that is shown here, or the newest one of a chat that is not open. */
    async share(id) {
      const { onSideBranch, headId } = store.state.conversations.get(id) ?? {};
      return read(await api.share(id, onSideBranch ? { leaf_id: headId } : {}));
    },
    unshare: (id) => api.unshare(id),
    exportAddress: api.exportAddress,
  };
}
