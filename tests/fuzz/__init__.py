"""Entry points for a fuzzer (atheris), run by hand; not part of `make test`."""
