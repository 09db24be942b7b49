"""`python -m rulebook` is the command line."""

from rulebook.cli import main

if __name__ == "__main__":
    main()
