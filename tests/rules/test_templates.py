"""Templates: what they write, where values may go, and what is said about mistakes."""

from decimal import Decimal

import pytest

from rules.errors import RuleError
from rules.templates import (
    MissingField,
    SkipStep,
    TemplateError,
    TooLong,
    compile_template,
)

PAYLOAD = {
    "customer": {"name": 'Ada "A" <b>', "first name": "Ada", "phone": None},
    "amount": 5000,
    "text_amount": "250",
    "items": [{"sku": "pen", "count": 2}, {"sku": "ink", "count": 1}],
    "single": {"sku": "cap"},
    "tags": ["new", "eu"],
    "ratio": 10.0,
    "exact": Decimal("0.10000000000000000001"),
    "yes": True,
    "no": False,
    "nothing": None,
    "lines": "one\r\nBcc: eve@example.com",
    "up": "..",
    "key": "amount",
}
EVENT = {"payload": PAYLOAD, "headers": {"x-kind": "paid"}, "event": {"type": "paid"}}


def write(source, escape="text", if_missing="blank", limit=262_144, **context):
    template = compile_template(source, escape=escape, limit=limit)
    return template.render(EVENT | context, if_missing=if_missing)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Hi", "Hi"),
        ("", ""),
        ("Hi {{ payload.customer.name }}!", 'Hi Ada "A" <b>!'),
        ("{{ payload['customer']['first name'] }}", "Ada"),
        ("{{ headers['x-kind'] }} {{ event.type }}", "paid paid"),
        ("{{ payload.items[0].sku }} {{ payload.items.1.sku }}", "pen ink"),
        ("{{ payload.items[-1].sku }}{{ payload.items[2].sku }}", "ink"),
        ("{{ payload[payload.key] }}", "5000"),
        ("{{ payload.ratio }} {{ payload.exact }}", "10 0.10000000000000000001"),
        ("{{ payload.yes }} {{ payload.no }} [{{ payload.nothing }}]", "true false []"),
        ("{{ payload.tags }} {{ payload.single }}", '["new","eu"] {"sku":"cap"}'),
        ("{{ payload.items | length }}", "2"),
        ("{% for i in payload.items %}{{ loop.index }} {{ i.sku }},{% endfor %}", "1 pen,2 ink,"),
        ("{% for i in payload.tags %}{{ i }}{{ '' if loop.last else '+' }}{% endfor %}", "new+eu"),
        ("{% for item in payload.items if item.count > 1 %}{{ item.sku }}{% endfor %}", "pen"),
        ("{% for item in payload.single %}{{ item.sku }}{% endfor %}", "cap"),
        ("{% for item in payload.none %}x{% else %}none{% endfor %}", "none"),
        ("{% for tag in payload.tags | sort %}{{ tag }}{{ loop.length }}{% endfor %}", "eu2new2"),
        ("{% if payload.amount >= 5000 and not payload.no %}big{% else %}small{% endif %}", "big"),
        ("{% if payload.text_amount > 100 %}yes{% endif %}", "yes"),
        ("{% if payload.text_amount == 250 %}yes{% endif %}", "yes"),
        ("{% if payload.yes == 1 %}yes{% else %}no{% endif %}", "no"),
        ("{% if payload.amount < 'abc' or payload.gone < 3 %}yes{% else %}no{% endif %}", "no"),
        ("{% if payload.amount > -5 %}yes{% endif %}", "yes"),
        ("{% if 'eu' in payload.tags and event.type in ['paid', 'sent'] %}yes{% endif %}", "yes"),
        ("{% if 'x' not in payload.tags and 'sku' in payload.single %}yes{% endif %}", "yes"),
        ("{{ 'big' if payload.amount > 1 else 'small' }}{{ 'x' if payload.gone }}", "big"),
        ("{{ payload.gone or payload.amount }}", "5000"),
        ("{{ payload.gone | upper }}{{ payload.nothing | money('usd') }}", ""),
        ("{{ payload.gone.further[3].still | default('?') }}", "?"),
        ("{% raw %}{{ as it is }}{% endraw %}{# unseen #}", "{{ as it is }}"),
        ("line\n", "line\n"),
    ],
)  # fmt: skip
def test_a_template_writes(source, text):
    assert write(source) == text


@pytest.mark.parametrize("field", ["gone", "nothing", "customer.gone", "gone | upper"])
def test_a_missing_field_is_blank_skips_or_fails(field):
    assert write("[{{ payload.FIELD }}]".replace("FIELD", field)) == "[]"
    with pytest.raises(SkipStep, match="is not in this event") as skipped:
        write("[{{ payload.FIELD }}]".replace("FIELD", field), if_missing="skip")
    with pytest.raises(MissingField) as failed:
        write("[{{ payload.FIELD }}]".replace("FIELD", field), if_missing="fail")
    assert skipped.value.field == failed.value.field == "payload." + field.removesuffix(" | upper")
    assert failed.value.fix


def test_a_missing_list_skips_as_well():
    with pytest.raises(SkipStep, match="payload.gone"):
        write("{% for item in payload.gone %}x{% endfor %}", if_missing="skip")


@pytest.mark.parametrize(
    "source",
    [
        "{{ payload.gone | default('x') }}",
        "{{ payload.nothing | default('x') | lower }}",
        "{% if payload.gone %}{{ payload.gone }}{% else %}x{% endif %}",
        "{{ payload.gone or 'x' }}",
    ],
)
def test_a_default_or_a_test_needs_no_field(source):
    assert write(source, if_missing="fail") == "x"


def test_a_template_names_the_fields_it_reads():
    template = compile_template(
        "Hi {{ payload.customer.name | default(payload.nick) }}"
        "{% if event.type == 'x' %}{% for i in payload.items %}{{ i['sku'] }}{{ i.a.b }}"
        "{% endfor %}{% endif %}"
        "{{ payload }}{{ payload['a b'] }}{{ payload.customer.name }}"
    )  # fmt: skip
    assert template.fields == (
        "payload.customer.name",
        "payload.nick",
        "event.type",
        "payload.items",
        "payload.items[*].sku",
        "payload.items[*].a.b",
        "payload",
        "payload['a b']",
    )


def test_a_template_knows_its_literal_start():
    template = compile_template("https://api.example.com/{{ payload.key }}/x", escape="url")
    assert (template.literal, template.literal_prefix) == (False, "https://api.example.com/")
    assert compile_template("{{ payload.url }}", escape="url").literal_prefix == ""
    assert compile_template("{% if payload.a %}https://x{% endif %}").literal_prefix == ""
    plain = compile_template("https://x.example/{# why #}a")
    assert (plain.literal, plain.literal_prefix) == (True, "https://x.example/a")


# Where a value goes


def test_html_escapes_what_it_inserts_and_nothing_else():
    assert write("<b>{{ payload.customer.name }}</b>", "html") == (
        "<b>Ada &#34;A&#34; &lt;b&gt;</b>"
    )
    assert write("{{ payload.customer.name | json }}", "html").startswith("&#34;Ada ")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('{"n": "{{ payload.customer.name }}"}', r'{"n": "Ada \"A\" <b>"}'),
        ('{"n": {{ payload.customer.name }}}', r'{"n": "Ada \"A\" <b>"}'),
        ('{"n": {{ payload.amount }}, "y": {{ payload.yes }}}', '{"n": 5000, "y": true}'),
        ('{"n": {{ payload.gone }}, "m": "{{ payload.gone }}"}', '{"n": null, "m": ""}'),
        ('{"n": {{ payload.tags | json }}}', '{"n": ["new","eu"]}'),
        ('{"n": {{ payload.tags }}}', '{"n": ["new","eu"]}'),
        ('{"n": "{{ payload.tags | json }}"}', r'{"n": "[\"new\",\"eu\"]"}'),
        (r'{"a\"b": {{ payload.key }}}', r'{"a\"b": "amount"}'),
        (r'{"a\\": {{ payload.key }}}', r'{"a\\": "amount"}'),
        ('"{{ payload.lines }}"', r'"one\r\nBcc: eve@example.com"'),
        ("{{ payload }}{{ payload.key }}", None),
    ],
)
def test_json_values_stay_values(source, text):
    written = write(source, "json")
    assert text is None or written == text


def test_json_refuses_a_backslash_before_a_value():
    with pytest.raises(TemplateError, match="backslash"):
        write('"\\{{ payload.key }}"', "json")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("https://x/{{ payload.customer.name }}", "https://x/Ada%20%22A%22%20%3Cb%3E"),
        ("https://x/?q={{ payload.lines }}", "https://x/?q=one%0D%0ABcc%3A%20eve%40example.com"),
        ("https://x/?q={{ payload.customer['first name'] | urlencode }}", "https://x/?q=Ada"),
        ("https://x/?{{ payload.single | urlencode }}", "https://x/?sku=cap"),
        ("https://x/?q={{ payload.up }}", "https://x/?q=.."),
        ("  https://x/ \n", "https://x/"),
    ],
)
def test_a_value_is_one_part_of_a_url(source, text):
    assert write(source, "url") == text


def test_a_value_cannot_step_up_in_a_url():
    with pytest.raises(TemplateError, match="path of the URL"):
        write("https://x/a/{{ payload.up }}/b", "url")


def test_a_header_stays_one_line():
    assert write("Re: {{ payload.lines }}", "header") == "Re: one  Bcc: eve@example.com"
    assert write("{{ payload.x }}", "header", payload={"x": "a\x00\x85\u2028\x7fb"}) == "a   b"
    with pytest.raises(RuleError, match="single line"):
        compile_template("a\nBcc: x", escape="header")


def test_what_is_written_can_always_be_sent():
    text = write("{{ payload.x }}", payload={"x": "a\ud800\0b"})
    assert text == "a\ufffdb"


# Words for mistakes


@pytest.mark.parametrize(
    ("source", "message", "fix"),
    [
        ("{{ payload.name", "Line 1: Something is opened", "{{ payload.name }}"),
        ("a\n{{ payload. }}", "Line 2: What stands in", "{{ payload.name }}"),
        ("{% if payload.x %}a", "Line 1: {% endif %} is missing.", "Add {% endif %}"),
        ("a{% endif %}", "Line 1: There is nothing for {% endif %}", "{% if"),
        ("{% unless x %}", "Line 1: There is no {% unless %}", "{% for %}"),
        ("{{ paylod.x }}", "Line 1: There is no 'paylod' here.", "Did you mean 'payload'?"),
        ("{{ amount }}", "There is no 'amount' here.", "payload.amount"),
        ("{{ payload.x | uper }}", "There is no filter 'uper'.", "Did you mean 'upper'?"),
        ("{{ payload.x | money }}", "'money' is not given what it needs.", "money('usd')"),
        ("{{ headers.x-kind }}", "do not calculate", "headers['x-name']"),
        ("{{ payload.items() }}", "Nothing can be called", "{{ x | upper }}"),
        ("{% if payload.x is defined %}{% endif %}", "'is' is not part", "{% if payload.field %}"),
        ("{% for k, v in payload.x %}{% endfor %}", "one name", "{% for item in"),
        ("{% for payload in payload.x %}{% endfor %}", "'payload' is taken", "item"),
        ("{{ loop.index }}", "'loop' is used inside", "loop.index"),
    ],
)
def test_a_mistake_is_told_in_plain_words(source, message, fix):
    with pytest.raises(RuleError) as wrong:
        compile_template(source, pointer="/then/0/config/message")
    assert wrong.value.pointer == "/then/0/config/message"
    assert message in wrong.value.message and fix in wrong.value.fix
    assert "jinja" not in (wrong.value.message + wrong.value.fix).lower()


# Limits


def test_output_is_limited():
    assert write("{{ payload.key }}", limit=6) == "amount"
    with pytest.raises(TooLong, match="5 letters"):
        write("{{ payload.key }}", limit=5)
    with pytest.raises(TooLong):
        write("literal", limit=5)


def test_the_largest_message_fits_into_the_fuel():
    text = write("{{ payload.x }}", payload={"x": "x" * 262_144})
    assert len(text) == 262_144
