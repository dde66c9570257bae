"""Static files of the page: modules linked into few files, one stylesheet, everything compressed."""
