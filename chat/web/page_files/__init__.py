"""The page's files as browsers get them: modules linked into few files, one stylesheet, everything compressed."""
