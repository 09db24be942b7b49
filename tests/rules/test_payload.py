"""Bodies as strangers send them: read as what they are, or shown as text with the reason."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.payload import Payload, glance, read_payload

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTI = "multipart/form-data; boundary=XX"


@pytest.mark.parametrize(
    ("body", "content_type", "kind", "value"),
    [
        (b'{"a": 1}', JSON, "json", {"a": 1}),
        (b'{"a": 1}', "application/vnd.api+json; charset=utf-8", "json", {"a": 1}),
        (b'{"a": 1}', "text/plain", "json", {"a": 1}),
        (b' [1]\n', None, "json", [1]),
        (b'{"a": 1}', FORM, "json", {"a": 1}),
        (b'{"a": 1}', "application/octet-stream", "json", {"a": 1}),
        (b'{"a": 1}', ";;;=\xff", "json", {"a": 1}),
        (b'"text"', JSON, "json", "text"),
        (b"12", "text/plain", "text", "12"),
        (b"null", JSON, "json", None),
        (b"\xef\xbb\xbf{\"a\": \"\xc3\xa9\"}", JSON, "json", {"a": "é"}),
        ('{"a": "é"}'.encode("utf-16"), JSON, "json", {"a": "é"}),
        ('{"a": "é"}'.encode("utf-16-le"), None, "json", {"a": "é"}),
        (b'{"a": "\xe9"}', "application/json; charset=iso-8859-1", "json", {"a": "é"}),
        (b"a=1&b=x+y&a=2&c=", FORM, "form", {"a": ["1", "2"], "b": "x y", "c": ""}),
        (b"d=%C3%A9%FF", FORM, "form", {"d": "é\ufffd"}),
        (b'payload={"a":1}', FORM, "form", {"payload": '{"a":1}'}),
        (b"{not json}=1", FORM, "form", {"{not json}": "1"}),
        (b"<a/>", "text/xml", "xml", {"a": ""}),
        (b"<a x='1'>t<b>1</b><b/><c y='2'>z</c></a>", "application/soap+xml", "xml",
         {"a": {"@x": "1", "b": ["1", ""], "c": {"@y": "2", "#text": "z"}, "#text": "t"}}),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1"), "text/xml",
         "xml", {"a": "é"}),
        (b"hello", "text/plain", "text", "hello"),
        (b"hello", None, "text", "hello"),
        ("é".encode("latin-1"), "text/plain; charset=latin1", "text", "é"),
        (b"\xff", "text/plain; charset=zip", "text", "\ufffd"),
        (b"a", "text/plain; charset=punycode", "text", "a"),
        (b"", JSON, "empty", None),
        (b" \r\n", None, "empty", None),
        (b"\x89PNG", "image/png", "binary", {"size": 4, "content_type": "image/png"}),
        (b"\x00\x01\x02", None, "binary", {"size": 3, "content_type": ""}),
    ],
)  # fmt: skip
def test_a_body_is_read_as_what_it_is(body, content_type, kind, value):
    payload = read_payload(body, content_type)
    assert (payload.kind, payload.value, payload.problem) == (kind, value, None)


@pytest.mark.parametrize(
    ("body", "content_type", "problem"),
    [
        (b'{"a": 1,}', JSON, "line 1, column 9"),
        (b'{\n "a" 1}', JSON, "line 2, column 6"),
        (b"a=1", JSON, "line 1, column 1"),
        (b'{"a": NaN}', JSON, "NaN is not a number"),
        (b"[-Infinity]", JSON, "-Infinity is not a number"),
        (b"[" * 65 + b"]" * 65, JSON, "deeper than 64"),
        (b"[" * 100_000, JSON, "more than 50,000"),
        (b"[" + b"1," * 50_000 + b"1]", JSON, "more than 50,000"),
        (b"<a><b></a>", "text/xml", "not valid XML: line 1, column 9"),
        (b"<a>" * 65 + b"</a>" * 65, "text/xml", "deeper than 64"),
        (b"<a>" + b"<b/>" * 50_001 + b"</a>", "text/xml", "more than 50,000"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "text/xml", "document type"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "text/xml", "document type"),
        (b"<a>&unknown;</a>", "text/xml", "not valid XML"),
        (b'<?xml version="1.0" encoding="nope"?><a/>', "text/xml", "XML"),
        (b"a=1&" * 100_000, FORM, "more than 1,000 fields"),
        (b"x", "multipart/form-data", "no usable boundary"),
        (b"x", MULTI, "were not found"),
        (b"--XX\r\n\r\n\r\n" * 1_001 + b"--XX--", MULTI, "more than 100 parts"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_cannot_be_read_is_shown_as_text_with_the_reason(body, content_type, problem):
    payload = read_payload(body, content_type)
    assert payload.kind == "text" and payload.value == body.decode()
    assert problem in str(payload.problem)
    assert str(payload.problem).endswith("It is kept as received and shown as text.")


def test_compressed_bodies_are_not_unpacked():
    payload = read_payload(b"\x1f\x8b\x08abc", JSON)
    assert payload.kind == "binary" and "compressed" in str(payload.problem)


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("9007199254740993", 2**53 + 1),
        ("1" * 400, int("1" * 400)),
        ("0.1", 0.1),
        ("19.90", 19.9),
        ("1E2", 100.0),
        ("0.1000000000000000055511151231257827", Decimal("0.1000000000000000055511151231257827")),
        ("9007199254740993.5", Decimal("9007199254740993.5")),
        ("1e400", Decimal("1e400")),
        ("1e-400", Decimal("1e-400")),
        ("1e99999999999999999999", "1e99999999999999999999"),
        ("1" * 5000, "1" * 5000),
    ],
)
def test_numbers_are_exact(literal, value):
    read = read_payload(f"[{literal}]".encode(), JSON).value[0]
    assert read == value and type(read) is type(value)


def test_the_last_of_two_equal_names_counts_and_is_noted():
    payload = read_payload(b'{"a": 1, "a": 2}', JSON)
    assert payload.value == {"a": 2}
    assert payload.notes == ("The name 'a' appears twice in a group; the last one counts.",)


def test_many_names_with_one_twice():
    names = [f'"n{number}": 1' for number in range(40_000)]
    payload = read_payload(("{" + ",".join([*names, names[-1]]) + "}").encode(), JSON)
    assert "'n39999' appears twice" in payload.notes[0]
    groups = ",".join(f'{{"n{number}": 1, "n{number}": 2}}' for number in range(100))
    assert len(read_payload(f"[{groups}]".encode(), JSON).notes) == 5


def test_half_characters_are_replaced_and_noted():
    payload = read_payload(b'{"\\ud800": ["\\udc00x", "\\ud83d\\ude00"]}', JSON)
    assert payload.value == {"\ufffd": ["\ufffdx", "😀"]}
    assert len(payload.notes) == 1
    json.dumps(payload.value, ensure_ascii=False).encode()


def test_wrong_bytes_in_json_are_replaced_and_noted():
    payload = read_payload(b'{"a": "\xff"}', JSON)
    assert payload.value == {"a": "\ufffd"} and "replaced" in payload.notes[0]


def test_brackets_inside_texts_do_not_count_as_depth():
    value = {"a": "[" * 60_000 + '\\"{' * 100}
    assert read_payload(json.dumps(value).encode(), JSON).value == value


@pytest.mark.parametrize("body", [b'"' + b'\\"' * 500_000, b'["' * 250_000, b'{"a":' * 100_000])
def test_hostile_quotes_take_no_time(body):
    assert read_payload(body, JSON).problem


def test_a_form_with_files():
    body = (
        b'--XX\r\nContent-Disposition: form-data; name="who"\r\n\r\nAda\r\n'
        b'--XX\r\nContent-Disposition: form-data; name="tag"\r\n\r\na\r\n'
        b'--XX\r\nContent-Disposition: form-data; name="tag"\r\n\r\nb\r\n\r\n'
        b'--XX\r\nContent-Disposition: form-data; name="f"; filename="x\\"y.png"\r\n'
        b"Content-Type: image/png\r\n\r\n\x89PNG\r\n"
        b"--XX\r\nContent-Disposition: form-data; name=g; filename*=UTF-8''%C3%A9.txt\r\n\r\n\r\n"
        b"--XX\r\nno name here\r\n\r\nlost\r\n--XX--\r\n"
    )
    assert read_payload(body, MULTI) == Payload(
        {
            "who": "Ada",
            "tag": ["a", "b\r\n"],
            "f": {"file_name": 'x"y.png', "content_type": "image/png", "size": 4},
            "g": {"file_name": "é.txt", "content_type": "application/octet-stream", "size": 0},
        },
        "multipart",
    )


def test_a_form_that_is_cut_off_says_so():
    body = b'--XX\r\nContent-Disposition: form-data; name="who"\r\n\r\nAd'
    payload = read_payload(body, MULTI)
    assert payload.value == {"who": "Ad"} and "cut off" in payload.notes[0]


types = st.sampled_from(
    [None, "", JSON, FORM, MULTI, "text/xml", "text/plain; charset=utf-7", "image/png",
     'multipart/form-data; boundary="', "text/plain; charset*=x''y", "text/xml;charset=idna"]
)  # fmt: skip
pieces = st.sampled_from(
    [b"{", b"}", b"[", b'"', b":", b",", b"1", b"\\u", b"d800", b"<a>", b"</a>", b"<!DOCTYPE", b"&",
     b"=", b"%", b"--XX", b"\r\n", b"--", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"1e9", b"-",
     b'Content-Disposition: form-data; name="']
)  # fmt: skip


@settings(deadline=None, max_examples=400)
@given(
    body=st.binary(max_size=60) | st.lists(pieces, max_size=25).map(b"".join),
    content_type=types | st.text(max_size=30),
)
def test_no_body_ever_raises(body, content_type):
    payload = read_payload(body, content_type)
    assert payload.kind in ("json", "form", "multipart", "xml", "text", "empty", "binary")
    json.dumps(payload.value, ensure_ascii=False, default=str).encode()


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])), inner),
))  # fmt: skip
def test_json_comes_back_as_it_was(value):
    assert read_payload(json.dumps(value).encode(), JSON).value == value


@pytest.mark.parametrize(
    "body",
    [
        b'{"id": "a", "n": 1, "n": 2, "deep": {"t": "x", "list": [1, "y", null, true]}}',
        b'{"big": 12345678901234567890123, "long": ' + b"9" * 5000 + b"}",
        b'{"half": "\\ud800", "id": "a"}',
        b'{"not": NaN, "id": "a"}',
        b'\xef\xbb\xbf{"id": "a"}',
        '{"id": "a"}'.encode("utf-16"),
        b'{"nul": "\\u0000\0", "id": "a"}',
        b'{"id": "\xff"}',
        b"[" * 100 + b"]" * 100,
        b'{"id": "a"',
        b"id=a&b=c",
        b"",
        b"\x1f\x8b{}",
    ],
)
@pytest.mark.parametrize("kind", ["application/json", "text/plain", ""])
def test_a_glance_says_what_a_reading_says(body: bytes, kind: str) -> None:
    assert glance(body, kind) == read_payload(body, kind).value
