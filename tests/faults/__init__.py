"""Processes of Rulebook are killed while it works, and then the books are compared: what senders
were promised, what receivers saw, what the database says. `python -m tests.faults --help`."""
