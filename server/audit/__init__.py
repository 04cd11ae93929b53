"""Who did what, in an append-only chain. `from server.audit.record import record` writes, `verify` checks."""
