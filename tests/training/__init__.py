"""Training: corpus, sequences, recipe, tokenizer and adapter names, all without torch."""
