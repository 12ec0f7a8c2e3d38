"""Files fetched from the first of several servers and folders that has them."""
