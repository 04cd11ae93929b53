"""What each tool costs at three rates of what it looks for: measured, kept as JSON, and written into its README."""
