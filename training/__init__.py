"""Training: from corpus scenes and public dialogue to a LoRA of the embedded model and its adapter file."""
