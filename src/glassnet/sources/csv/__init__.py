"""A CSV file of the user's own, as people have them: from its bytes to columns that are understood."""
