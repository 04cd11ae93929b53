"""What can be traced: the tools found in `bpf/`, and where each of them runs."""
