"""What can be traced: one folder per tool, found by walking."""
