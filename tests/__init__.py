"""The tests: one file per room, and the shape of the house. All of them run without a network."""
