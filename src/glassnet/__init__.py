"""glassnet: a neural network you can see through."""
