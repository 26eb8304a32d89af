"""From insight to action, lawfully: who may be contacted, and the audiences of a pipeline file."""
