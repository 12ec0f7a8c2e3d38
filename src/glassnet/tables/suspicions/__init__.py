"""Suspicions about a table: what may make its scores promise more than new rows keep, found before any training."""
