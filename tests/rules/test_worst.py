"""A message over many events: the cases that its author did not think of."""

from rules.worst import Text, worst

TEXTS = [
    Text("plain", (1, 20)),
    Text("long", (2, 200)),
    Text("odd", (1, 15), odd=1),
    Text("gap", (1, 10), ("payload.name",)),
    Text("empty", (1, 4), ("payload.name", "payload.amount")),
    Text("empty too", (1, 4), ("payload.name", "payload.amount")),
]


def test_the_worst_cases_are_found_and_of_equals_the_first():
    assert {name: text.id for name, text in worst(TEXTS).items()} == {
        "longest": "long", "shortest": "empty", "gaps": "empty", "odd": "odd",
    }  # fmt: skip


def test_of_no_events_there_is_no_worst():
    assert worst([]) == {}
    assert list(worst(TEXTS[:1])) == ["longest", "shortest"]
