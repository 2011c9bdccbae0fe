"""Paths: what they find, by the rules of Jayway's JSONPath."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonpath_ng import parse as library_parse

from statemachine.data.field_error import FieldError
from statemachine.data.paths import compile_path, compile_reference, compile_reference_value
from statemachine.data.scope import Scope
from statemachine.errors import StateError

DOCUMENT = {
    "a": {"b": [{"c": 1, "d": "x"}, {"c": 2}], "s": "text", "n": None},
    "list": [0, 10, 20, 30, 40],
    "odd key": {"x.y": 1, "it's": 2},
    "deep": {"c": {"c": 3}},
}


def scope():
    return Scope(None, {"Execution": {"Id": "id"}}, {"var": {"x": [1, 2]}}, None)


def find(text, document=DOCUMENT, field="InputPath"):
    return compile_path(text, field).evaluate(scope(), document)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$", DOCUMENT),
        ("$.a.b[0].c", 1),
        ("$.a.b[-1].c", 2),
        ("$['a']['s']", "text"),
        ('$["odd key"]["x.y"]', 1),
        (r"$['odd key']['it\'s']", 2),
        ("$.a.n", None),
        ("$$.Execution.Id", "id"),
        ("$var.x[1]", 2),
        ("$.a.b[*].c", [1, 2]),
        ("$..c", [1, 2, {"c": 3}, 3]),
        ("$.a.b[?(@.c > 1)]", [{"c": 2}]),
        ("$.a.b[?(@.d)].c", [1]),
        ("$.a.b[?(!(@.d))].c", [2]),
        ("$.a.b[?(@.d == 'x' && @.c <= 1)].c", [1]),
        ("$.a.b[?(@.c == 5 || @.d == 'x')].c", [1]),
        ("$.a.b[?(@.c in [2, 3])].c", [2]),
        ("$.a.b[?(@.d =~ /X/i)].c", [1]),
        ("$.a.b[?(@.c > $.list[0])].c", [1, 2]),
        ("$.a.b[?(@.c == 9)]", []),
        ("$.list[1:3]", [10, 20]),
        ("$.list[3:]", [30, 40]),
        ("$.list[:2]", [0, 10]),
        ("$.list[-2:]", [30, 40]),
        ("$.list[0,2]", [0, 20]),
        ("$.list[2,99]", [20]),
        ("$.a['b','s']", {"b": DOCUMENT["a"]["b"], "s": "text"}),
        ("$.deep.*", [{"c": 3}]),
        ("$.list[9:]", []),
        # As recorded: what is not definite finds nothing below what is not there.
        ("$.x[*]", []),
        ("$.x[*].y", []),
        ("$.x[1:]", []),
        ("$.x.y[1:5].z", []),
        ("$.a.s[*]", []),
        ("$.a.s.t[*]", []),
        ("$.a.n[0:1]", []),
        ("$.x[?(@.y)]", []),
        ("$.x..y", []),
    ],
)
def test_finds(text, found):
    assert find(text) == found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("$.x", "No results for path: $['x']"),
        ("$.x.y", "Missing property in path $['x']"),
        ("$.list[9]", "No results for path: $['list'][9]"),
        ("$.list.length()", "No results for path: $['list'].length()"),
        ("$['a', 'list'].s", "Multi properties can only be used as path leafs: $['a', 'list']"),
    ],
)
def test_failures_say_what_jayway_says(text, why):
    with pytest.raises(StateError) as caught:
        find(text)
    assert (caught.value.error, caught.value.cause) == ("States.Runtime", f"Invalid path '{text}' : {why}")


@pytest.mark.parametrize("text", ["$.a.s.t", "$.a.s[0]", "$.a.n.x", "$.a[0]", "$.list.x", "$unknown.a", "$unknown[*]"])
def test_finds_nothing(text):
    with pytest.raises(StateError, match="Runtime"):
        find(text)


def test_template_fields_show_the_input():
    with pytest.raises(StateError) as caught:
        find("$.nope.deep", {"other": 1}, "missing.$")
    assert caught.value.cause == (
        "The JSONPath '$.nope.deep' specified for the field 'missing.$' could not be found in the input '{\"other\":1}'"
    )


def test_seconds_path():
    with pytest.raises(StateError) as caught:
        find("$.input.waitSeconds", {"input": {}}, "SecondsPath")
    assert caught.value.cause == "The SecondsPath parameter does not reference an input value: $.input.waitSeconds"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "$.",
        "$[",
        "$[]",
        "$.a b",
        "$[1:2:3]",
        "$$$",
        "$.a..",
        "$.a[?(@.b]",
        "$.a[?(@.b ==)]",
        "$['a",
        "$[?(" * 500,
    ],
)
def test_refused(text):
    with pytest.raises(FieldError):
        compile_path(text)


@pytest.mark.parametrize(
    "text",
    [
        "$.a[*]", "$..a", "$.a[0:1]", "$.a['b','c']", "$.a.length()", "$.a[?(@.b =~ /x/)]", "$.a[?(@.b in [1])]",
        "$.a[?(@.b == $.c)]", "$.a[?(@.b[?(@.c == $.d)])]", "$.a[?(@.b[*])]", "a.b", "$.a[$.b]",
    ],
)  # fmt: skip
def test_no_reference_paths(text):
    with pytest.raises(FieldError, match="Value is not a Reference Path"):
        compile_reference_value(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$.jar[?(@.a >= 5)]", [{"a": 5}, {"a": 7}]),
        ("$.jar[?(@.a == 1 && !(@.b))].a", [1]),
        ("$.scalars[?(@ == 1)]", []),
        ("$.scalars[?(@.a == 1)]", [{"a": 1}]),
    ],
)
def test_filters_of_reference_paths_look_at_objects_only(text, found):
    """https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html"""
    jar = {"jar": [{"a": 1}, {"a": 5}, {"a": 2}, {"a": 7}, {"a": 3}], "scalars": [1, 2, {"a": 1}]}
    assert compile_reference_value(text).evaluate(scope(), jar) == found
    if "scalars" in text and "@ " in text:
        assert find(text, jar) == [1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"$.store\.book", 1),
        (r"$.\stor\e.boo\k", 2),
        (r"$.foo\@bar.baz\[\[.\?pretty", 3),
        ("$.&Ж中.\U00010346", 4),
        ("$['store']['book']", 2),
        ("$.ledgers[0][1][2].foo", 5),
    ],
)
def test_the_specifications_examples_of_reference_paths(text, found):
    document = {
        "store.book": 1,
        "store": {"book": 2},
        "foo@bar": {"baz[[": {"?pretty": 3}},
        "&Ж中": {"\U00010346": 4},
        "ledgers": [[[], [0, 0, {"foo": 5}]]],
    }
    assert compile_reference_value(text).evaluate(scope(), document) == found


NAMES = st.sampled_from(["a", "b", "c", "é"])
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
PLAIN = st.lists(
    NAMES.map("['{}']".format) | st.sampled_from([".a", ".b", ".c"]) | st.integers(0, 2).map("[{}]".format), max_size=4
)


@given(DOCUMENTS, PLAIN)
def test_straight_paths_find_what_the_library_finds(document, steps):
    text = "$" + "".join(steps)
    expected = [match.value for match in library_parse(text).find(document)]
    # The library gives a value without a place an index, and a text its characters.
    assume(not ("[" in text and _looks_into_scalars(document, steps)))
    try:
        assert [compile_path(text).evaluate(scope(), document)] == expected
    except StateError:
        assert expected == []


def _looks_into_scalars(document, steps):
    node = document
    for step in steps:
        if "'" not in step and step.startswith("[") and not isinstance(node, list):
            return True
        key = step.strip("[].'")
        try:
            node = node[int(key)] if isinstance(node, list) else node[key] if isinstance(node, dict) else None
        except (LookupError, ValueError):
            return False
    return False


@given(DOCUMENTS, st.sampled_from(["$..a", "$..b", "$[*]", "$[*].a", "$[*][*].b"]))
def test_lists_hold_what_the_library_finds(document, text):
    assume(isinstance(document, list))
    expected = [match.value for match in library_parse(text).find(document)]
    found = compile_path(text).evaluate(scope(), document)
    # The library goes by the length of paths, we by the document.
    assert sorted(map(repr, found)) == sorted(map(repr, expected))


@given(st.text(alphabet="$.[]'\"ab*?@()=<>&|!0123456789:,-~/ ", max_size=30))
def test_any_text_is_refused_or_evaluates(text):
    try:
        path = compile_path("$" + text)
    except FieldError:
        return
    failed = "States.Runtime"
    try:
        path.evaluate(scope(), {"a": [{"b": 1}, "x", None], "b": {"a": 2}})
    except StateError as e:
        failed = e.error
    assert failed == "States.Runtime"


# -- where results go


@pytest.mark.parametrize(
    ("text", "document", "result"),
    [
        ("$", {"a": 1}, "new"),
        ("$.b", {"a": 1}, {"a": 1, "b": "new"}),
        ("$.a", {"a": 1}, {"a": "new"}),
        ("$.x.y", {"a": 1}, {"a": 1, "x": {"y": "new"}}),
        ("$.l[1].z", {"l": [1, {"k": 2}]}, {"l": [1, {"k": 2, "z": "new"}]}),
        ("$['a b']", {}, {"a b": "new"}),
    ],
)
def test_puts(text, document, result):
    assert compile_reference(text).put(document, "new") == result


@pytest.mark.parametrize(("text", "document"), [("$.a.b", {"a": "text"}), ("$.l[9]", {"l": []}), ("$.a", [1])])
def test_has_no_place(text, document):
    with pytest.raises(StateError) as caught:
        compile_reference(text).put(document, 1)
    assert caught.value.error == "States.ResultPathMatchFailure"


@pytest.mark.parametrize("text", ["$$.a", "$var", "$.a[*]", "$.a[?(@.b)]", "$" + ".a" * 3000])
def test_results_go_to_the_document_only(text):
    with pytest.raises(FieldError):
        compile_reference(text)


@given(DOCUMENTS, st.lists(NAMES, min_size=1, max_size=4))
def test_what_was_put_is_found_and_nothing_changes_in_place(document, names):
    text = "$." + ".".join(names)
    before = repr(document)
    try:
        made = compile_reference(text).put(document, "new")
    except StateError:
        assert repr(document) == before
        return
    assert compile_path(text).evaluate(scope(), made) == "new"
    assert repr(document) == before
