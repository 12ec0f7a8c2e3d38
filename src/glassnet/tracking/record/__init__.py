"""What is recorded: a run while it trains and when it has ended, a sweep, and the scores of earlier runs."""
