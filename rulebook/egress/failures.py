"""What can go wrong on the way out. `written` says whether the other side may have got it.

EgressError              a sentence, a fix, and whether anything may have been written
|-- Refused              we would not go there, or would not send that; never repeated
|-- NotResolved          no address for that name
|-- NotConnected         nobody answered there
|-- TlsFailed            no trusted, encrypted line
|-- TimedOut             the deadline passed
|-- Broken               the line broke, or the answer could not be read
`-- SaidNo               a mail server answered with an error code
"""

from __future__ import annotations


class EgressError(Exception):
    """What happened in `sentence`, what to do next in `fix`; written: it may have arrived."""

    def __init__(self, sentence: str, fix: str = "", *, written: bool = False) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.fix = fix
        self.written = written


class Refused(EgressError):
    pass


NO_ADDRESS = "Check the spelling of the host, and whether this machine reaches the internet."


class NotResolved(EgressError):
    pass


class NotConnected(EgressError):
    pass


class TlsFailed(EgressError):
    pass


class TimedOut(EgressError):
    pass


class Broken(EgressError):
    pass


class SaidNo(EgressError):
    """A mail server's refusal: the SMTP code, its text, and the step that it refused."""

    def __init__(self, step: str, code: int, text: str) -> None:
        super().__init__(f"The mail server refused {step}: {code} {text}".rstrip())
        self.step = step
        self.code = code
        self.text = text
