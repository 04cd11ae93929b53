"""The hosts: how they join, what they said about themselves, whether they may trace."""
