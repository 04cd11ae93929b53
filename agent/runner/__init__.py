"""One child process per run: loads the probes, reads what they record, writes batches to the run's spool, closes the books."""
