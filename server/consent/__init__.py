"""Requests for sessions that need the agreement of others: who asked for what, who agreed, what became of it."""
