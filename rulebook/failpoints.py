"""Places where a process can be made to die, so that tests can show that nothing is lost there."""


def reach(name: str) -> None:
    """The process is at this place."""
