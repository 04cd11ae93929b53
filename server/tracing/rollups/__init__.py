"""Counts made once for each sealed segment, so that a question about millions of rows reads thousands.

They hold nothing that the rows do not say: a missing or foreign one is passed over and made again.
"""
