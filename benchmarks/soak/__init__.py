"""What a long take and a large batch cost as they go on: memory, bytes, seconds and reading, turn after turn and take after take."""
