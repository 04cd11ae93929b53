"""Programs that nobody here wrote, under a load that they count themselves."""
