"""Faults injected into real processes that trace counted events, and the proof that the books closed all the same."""
