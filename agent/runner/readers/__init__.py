"""One reader per kind of output. None of them runs Python for a single event."""
