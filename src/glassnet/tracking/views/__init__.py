"""What people look at: the pages of MLflow, and the model report as one of them."""
