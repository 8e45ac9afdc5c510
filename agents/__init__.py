"""The company: characters, the director, casting, prompts, speech levels, names, knowledge and guards; values in, values out."""
