"""The client: where the store is, how it is asked without holding up a run, and the runs in it."""
