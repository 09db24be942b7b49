"""Hostile templates: refused at once, or out of fuel soon; nothing else is ever raised."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.errors import RuleError
from rules.filters import FILTERS, Filter
from rules.templates import OutOfFuel, TemplateError, _compile, compile_template


def write(source, **context):
    return compile_template(source).render(context)


REFUSED = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ payload.__class__.__init__.__globals__['os'].popen('id').read() }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ joiner }}",
    "{{ namespace(a=1) }}",
    "{{ lipsum.__globals__ }}",
    "{{ range(999999999) }}",
    "{{ dict() }}",
    "{{ config }}",
    "{{ request.application }}",
    "{{ get_flashed_messages() }}",
    "{{ payload.format('x') }}",
    "{{ '%999999999s' % 'x' }}",
    "{{ '%999999999s' | format('x') }}",
    "{{ '{:>999999999}'.format('x') }}",
    "{{ 'x' * 10**9 }}",
    "{{ 'x' | center(100000000) }}",
    "{{ 'x' | indent(100000000) }}",
    "{{ 'x' | wordwrap(1) }}",
    "{{ payload | attr('__class__') }}",
    "{{ payload | map(attribute='__class__') | list }}",
    "{{ payload | xmlattr }}",
    "{{ payload | pprint }}",
    "{{ payload | tojson }}",
    "{{ payload.x | safe }}",
    "{{ 10 ** 10 ** 10 }}",
    "{{ 9 ** 9 }}",
    "{{ 1 // 0 }}",
    "{{ payload.a ~ payload.a }}",
    "{{ 'a' + 'b' }}",
    "{{ ['x'] * 1000000 }}",
    "{{ {'a': 1} }}",
    "{{ (1, 2) }}",
    "{{ payload.x[0:5] }}",
    "{{ payload['__class__'](1) }}",
    "{{ 1e999 }}",
    "{{ '\\ud800' }}",
    "{% set x = 1 %}",
    "{% set x %}a{% endset %}",
    "{% with x = 1 %}{% endwith %}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% call payload() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% from 'os' import path %}",
    "{% extends 'base.html' %}",
    "{% block a %}{% endblock %}",
    "{% autoescape false %}{{ payload.x }}{% endautoescape %}",
    "{% for x in payload.a recursive %}{{ loop(x) }}{% endfor %}",
    "{% for x in 'abc' %}{% endfor %}",
    "{% for x in ['a'] %}{% endfor %}",
    "{% for x in payload.a | replace('a', 'b') %}{% endfor %}",
    "{% for _work in payload.a %}{% endfor %}",
    "{% for loop in payload.a %}{% endfor %}",
    "{% for x in payload.a %}{{ loop.__class__ }}{% endfor %}",
    "{% for x in payload.a %}{{ loop['index'] }}{% endfor %}",
    "{% for x in payload.a %}{{ loop }}{% endfor %}",
    "{% for x in payload.a %}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "{% for a in payload %}{% for b in a %}{% for c in b %}{% for d in c %}" + "{% endfor %}" * 4,
    "{% for x in payload.a %}{% endfor %}{{ x }}",
    "{{ _work }}",
    "{{ _destination }}",
    "{{ payload | _put('x') }}",
    "{{ payload | _each(0, 'x') }}",
    "{{ payload.x | upper(*payload.y) }}",
    "{{ payload.x | upper(**payload.y) }}",
    "{{ payload.x | default }}",
    "{% if payload.x in payload.y == payload.z %}{% endif %}",
    "{% if payload.x in ['a', payload.y] %}{% endif %}",
    "{{ payload[1.5] }}",
    "{{ caller() }}",
    "{% break %}",
    "{% debug %}",
    "{% trans %}x{% endtrans %}",
    "{{ payload.x" + " | upper" * 2000 + " }}",
    "{{ payload" + ".a" * 8000 + " }}",
    "{{ " + "not " * 4000 + "payload }}",
    "{{ " + "(" * 8000 + ")" * 8000 + " }}",
    "{{ " + "payload or " * 1400 + "payload }}",
    "{% if payload %}" * 600 + "{% endif %}" * 600,
    "{{ " + "9" * 16000 + " }}",
    "{{ payload.a == " * 500 + " }}" * 500,
    "{{ 'x' if payload " * 800 + "}}",
    "x" * 16_385,
    "{{ payload.text }}" * 600,
    "{% if payload.a > 1 %}{% endif %}" * 300,
    "\ud800",
    "\0",
]  # fmt: skip


@pytest.mark.parametrize("source", REFUSED, ids=lambda source: source[:50].encode("unicode_escape"))
def test_what_is_not_in_the_language_is_refused_at_once(source):
    with pytest.raises(RuleError) as refused:
        compile_template(source)
    assert refused.value.message.startswith("Line ") and refused.value.fix


def test_keys_are_keys_and_never_attributes():
    for name in ("__class__", "keys", "get", "__init__", "mro"):
        assert write("{{ payload.NAME }}".replace("NAME", name), payload={"keys_": 1}) == ""
    assert write("{{ payload.__class__ }}", payload={"__class__": "mine"}) == "mine"
    assert write("{{ payload['x'].upper }}{{ payload.x.format }}", payload={"x": "a"}) == ""


BIG = {"text": "x" * 200_000, "list": list(range(20_000)), "deep": [[[1] * 30] * 30] * 30}
BOMBS = [
    "{% for a in payload.list %}{% for b in payload.list %}x{% endfor %}{% endfor %}",
    "{% for a in payload.list %}{% for b in a %}{% for c in payload.list %}" + "{% endfor %}" * 3,
    "{% for a in payload.list %}" + "{% if a > 1 %}{% endif %}" * 120 + "{% endfor %}",
    "{% for a in payload.list %}" + "{% if a %}{% endif %}" * 180 + "{% endfor %}",
    "{% for a in payload.list %}" + "x" * 10_000 + "{% endfor %}",
    "{% for a in payload.list %}{{ payload.text }}{% endfor %}",
    "{% for a in payload.list %}{% if payload.text == 'x' %}{% endif %}{% endfor %}",
    "{% for a in payload.list %}{% if 'y' in payload.text %}{% endif %}{% endfor %}",
    "{% for a in payload.list %}{% if payload.deep == payload.deep %}{% endif %}{% endfor %}",
    "{% for a in payload.list %}{% if payload.text | upper %}{% endif %}{% endfor %}",
    "{% for a in payload.list %}{% if payload.list | sort %}{% endif %}{% endfor %}",
    "{% for a in payload.list | sort | unique %}{{ payload.list | json }}{% endfor %}",
    "{{ payload.list | join(payload.text) }}",
    "{{ payload.text | replace('x', payload.text) }}",
    "{{ payload.text | replace('x', 'yyyyyyyyyy') | replace('y', 'zzzzzzzzzz') }}",
    "{{ payload.text" + " | upper" * 15 + " }}",
    "{{ payload.text | json" + " | json" * 15 + " }}",
    "{{ payload.text }}" * 250,
]  # fmt: skip


@pytest.mark.parametrize("source", BOMBS)
def test_a_template_that_does_too_much_is_stopped(source):
    template = compile_template(source, limit=10**9)
    with pytest.raises(OutOfFuel, match="too much work"):
        template.render({"payload": BIG})


def test_compiling_calls_no_filter(monkeypatch):
    called = []

    def apply(self, *given):
        called.append(self.name)
        return "x"

    monkeypatch.setattr(Filter, "apply", apply)
    _compile.cache_clear()
    uses = "{{ 'a' | CALL }}{% if 'a' | CALL %}y{% endif %}{{ 'a' if 'a' | CALL else 'b' }}"
    source = "".join(uses.replace("CALL", row.call) for row in FILTERS.values())
    template = compile_template(source)
    assert not called
    template.render({})
    assert set(called) == set(FILTERS)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
    | st.decimals() | st.sampled_from(["2026-01-01", "19.99", "usd", "+1 415 555 2671", 1e300]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=8,
)  # fmt: skip
calls = st.sampled_from([row.call for row in FILTERS.values()]) | st.builds(
    "{0}({1})".format,
    st.sampled_from(sorted(FILTERS)),
    st.lists(st.sampled_from(["payload.a", "payload.b", "'x'", "3", "-1", "'%q'"]), max_size=2).map(
        ", ".join
    ),
)
expressions = st.builds(
    "{0} | {1}".format,
    st.sampled_from(
        ["payload.a", "payload.b", "payload.a.b", "payload.a[0]", "payload[payload.b]"]
    ),
    st.lists(calls, min_size=1, max_size=3).map(" | ".join),
)
sources = st.lists(
    st.builds("{{{{ {0} }}}}".format, expressions)
    | st.builds(
        "{{% if {0} {1} {2} %}}a{{% endif %}}".format,
        expressions,
        st.sampled_from(["==", "!=", "<", ">=", "in", "not in", "and", "or"]),
        expressions,
    )
    | st.just("{% for i in payload.a %}{{ i }}{{ i.b | upper }}{% endfor %}")
    | st.text(max_size=5),
    max_size=4,
).map("".join)


@settings(deadline=None, max_examples=300)
@given(
    source=sources,
    a=values,
    b=values,
    escape=st.sampled_from(["text", "html", "json", "url", "header"]),
    if_missing=st.sampled_from(["blank", "skip", "fail"]),
)
def test_rendering_raises_nothing_but_template_errors(source, a, b, escape, if_missing):
    try:
        template = compile_template(source, escape=escape)
    except RuleError:
        return
    try:
        text = template.render({"payload": {"a": a, "b": b}}, if_missing=if_missing)
    except TemplateError as error:
        assert error.message and "could not be put together" not in error.message
    else:
        text.encode()


@settings(deadline=None)
@given(source=st.text(alphabet="{}%|.'\"[]() \nabcforifendpayload_19*~-"))
def test_compiling_raises_nothing_but_rule_errors(source):
    try:
        compile_template(source)
    except RuleError as error:
        assert error.message
