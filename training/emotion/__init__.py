"""The classifier of 44 KOTE emotions: teachers fine-tuned on KOTE, soft labels, and the small net that ships."""
