"""What may be an e-mail address of an account, and what a password."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from rulebook.errors import Problem
from rulebook.storage import users

SHORTEST_PASSWORD, LONGEST_PASSWORD = 15, 128


def email_problems(email: str) -> list[Problem]:
    """What is wrong with an e-mail address."""
    try:
        # An address inside a company's own network is as good for signing in as any other.
        validate_email(email.strip(), check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as problem:
        return [Problem("/email", f"{email!r} is not an e-mail address: {problem}",
                        "Write it like ada@shop.example.")]  # fmt: skip
    return []


def newemail_problems(email: str) -> list[Problem]:
    """What is wrong with the address of a new account."""
    if users.user_by_email(email):
        return [Problem("/email", f"{email} has an account already.", "Sign in with it.")]
    return email_problems(email)


def password_problems(password: str, email: str) -> list[Problem]:
    """What is wrong with a password for the account of this address."""

    def problem(message: str) -> list[Problem]:
        return [Problem("/password", message, "Four or five words that only you would join.")]

    if len(password) < SHORTEST_PASSWORD:
        return problem(f"The password has {len(password)} characters, it needs at least 15.")
    if len(password) > LONGEST_PASSWORD:
        return problem("The password has more than 128 characters.")
    if len(set(password.lower())) < 6 or password.lower() == email.strip().lower():
        return problem("This password is easy to guess.")
    return []
