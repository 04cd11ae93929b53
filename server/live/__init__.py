"""Rows to browsers as they are stored: one tail a watched session, a bounded queue a viewer."""
