"""Every tool on every kernel, beside the stock tool of the same name: one counted workload, both at the same time."""
