"""What this host's kernel offers: types, headers, verdicts, prices, symbols.

Standard library and protobuf only, unless a module says otherwise.
"""
