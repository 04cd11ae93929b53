"""Which names does this host have? A short-lived child answers one question and can do nothing but read."""
