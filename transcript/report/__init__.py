"""The pages behind `transcript.html`: what is shown of a take and of a batch, their templates, style and script."""
