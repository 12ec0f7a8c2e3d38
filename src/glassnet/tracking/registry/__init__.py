"""The model in MLflow, and the registry that says which version is in use."""
