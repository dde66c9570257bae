"""Parts that the scripts and the tests share. They need nothing but the standard library."""
