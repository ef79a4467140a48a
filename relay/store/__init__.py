"""Everything in Redis: the only package that knows a key or a script."""
