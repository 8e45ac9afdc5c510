"""Random and coverage-guided inputs for every reader of foreign files: seeds, mutations, targets, and the watch over each input."""
