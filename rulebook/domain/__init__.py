"""The verbs: one story per file, each reading from top to bottom. A verb commits what it did and
returns what is to be rung; it never rings itself."""
