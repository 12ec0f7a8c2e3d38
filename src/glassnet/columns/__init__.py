"""Columns of tables: how numbers and dates are written in them, what they are, and what to doubt about them."""
