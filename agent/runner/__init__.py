"""One child process per run: loads the probes, spools what they record in batches, closes the books."""
