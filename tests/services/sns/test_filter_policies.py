"""What filter policies take and what SNS refuses as one. Texts of refusals are as AWS was seen to answer."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.sns.filters.policy import ATTRIBUTES, BODY, compile_policy
from services.sns.filters.tokens import FilterPolicyError
from tests.services.sns import filter_samples as samples
from tests.services.sns.filter_samples import message


def refused(policy, scope=ATTRIBUTES):
    with pytest.raises(FilterPolicyError) as error:
        compile_policy(policy if isinstance(policy, str) else json.dumps(policy), scope)
    return error.value.text


def takes(policy, body, scope=BODY):
    compiled = compile_policy(json.dumps(policy), scope)
    what = message(body) if scope == BODY else message(attributes=body)
    assert compiled.explain(what).accepted is compiled.accepts(what)
    return compiled.accepts(what)


@pytest.mark.parametrize(
    ("asked", "reason", "column"),
    [
        ('[["value"]]', "Match value must be String, number, true, false, or null", 10),
        ('[{"wrong":true}]', "Unrecognized match type wrong", 22),
        ('[{"suffix":"value","prefix":"value2"}]', "Only one key allowed in match expression", 37),
        ("[]", "Empty arrays are not allowed", 10),
        ('[{"suffix":100}]', "suffix match pattern must be a string", 22),
        ('[{"suffix":["test"]}]', "suffix match pattern must be a string", 20),
        ('{"suffix":"value"}', '"suffix" must be an object or an array', 19),
        ('[{"cidr":["bad"]}]', "prefix match pattern must be a string", 18),
        ('[{"numeric":[]}]', "Invalid member in numeric match: ]", 22),
        ('[{"numeric":["operator"]}]', "Unrecognized numeric range operator: operator", 32),
        ('[{"numeric":[1,"<="]}]', "Invalid member in numeric match: 1", 22),
        ('[{"numeric":["=","000"]}]', "Value of equals must be numeric", 26),
        ('[{"numeric":["<",100,">",10]}]', "Too many elements in numeric expression", 30),
        ('[{"numeric":[">",3,"<",1]}]', "Bottom must be less than top", 33),
        ('[{"numeric":[">",20,30]}]', "Bad value in numeric range: 30", 30),
        ('[{"numeric":[">",20,"test"]}]', "Bad numeric range operator: test", 34),
        ('[{"numeric":[">",20,"<",30,"<",50]}]', "Too many terms in numeric range expression", 36),
        ('[{"exists":"no"}]', "exists match pattern must be either true or false.", 20),
        ('[{"anything-but":{"suffix":"test"}}]', "Unsupported anything-but pattern: suffix", 36),
    ],
)
def test_it_says_what_is_wrong_and_where(asked, reason, column):
    policy = f'{{"key":{asked}}}'

    said = refused(policy)

    assert said == f'FilterPolicy: {reason}\n at [Source: (String)"{policy}"; line: 1, column: {column}]'


@pytest.mark.parametrize(
    ("cidr", "reason"),
    [
        ("bad-filter", "Malformed CIDR, one '/' required"),
        ("bad-filter/64", "Nonstandard IP address: bad-filter"),
        ("bad-/64filter", "Malformed CIDR, mask bits must be an integer"),
    ],
)
def test_what_is_wrong_with_an_address_has_no_place(cidr, reason):
    assert refused({"key": [{"cidr": cidr}]}) == f"FilterPolicy: {reason}"


def test_the_source_is_shown_compactly_and_not_without_end():
    said = refused({"key": [], "long": ["x" * 600]})

    assert said.startswith('FilterPolicy: Empty arrays are not allowed\n at [Source: (String)"{"key":[],"long":["xxx')
    assert said.endswith('"[truncated 122 chars]; line: 1, column: 10]')


def test_only_a_policy_for_the_body_may_be_nested():
    nested = {"object": {"key": ["x"]}}

    assert refused(nested) == "Filter policy scope MessageAttributes does not support nested filter policy"
    assert takes(nested, {"object": {"key": "x"}})


def test_a_hundred_and_fifty_combinations_and_no_more():
    policy = {"a": list(range(10)), "b": list(range(15))}
    compile_policy(json.dumps(policy))
    policy["b"].append(99)

    assert refused(policy) == "FilterPolicy: Filter policy is too complex"


def test_a_nested_key_counts_for_each_of_its_levels():
    # 3 levels of 10 values, 2 levels of 2, and 1: 30 x 4 x 1 = 120, and 30 x 6 x 1 = 180.
    policy = {"a": {"b": {"c": list(range(10))}}, "d": {"e": [1, 2]}, "f": [1]}
    compile_policy(json.dumps(policy), BODY)
    policy["d"]["e"].append(3)

    assert refused(policy, BODY) == "FilterPolicy: Filter policy is too complex"


def test_alternatives_add_up():
    # 2 x (37 + 38) = 150, and one more.
    policy = {"a": [1, 2], "$or": [{"b": list(range(37))}, {"c": list(range(38))}]}
    compile_policy(json.dumps(policy))
    policy["$or"][0]["b"].append(99)

    assert refused(policy) == "FilterPolicy: Filter policy is too complex"


def test_alternatives_do_not_multiply_without_end():
    policy = {"x": ["y"]}
    for level in range(60):
        policy = {"$or": [{f"a{level}": [1]}, {f"b{level}": [1]}], "n": policy}

    assert refused(policy, BODY) == "FilterPolicy: Filter policy is too complex"


def test_five_keys_and_no_more():
    policy = {name: ["v"] for name in "abcde"}
    compile_policy(json.dumps(policy))

    assert "5 keys" in refused({**policy, "f": ["v"]})
    assert takes({"a": {name: [1] for name in "bcdefg"}}, {"a": dict.fromkeys("bcdefg", 1)})


@pytest.mark.parametrize("text", ["", "no json", '{"a":', "NaN", '{"a":[NaN]}', "[" * 100_000])
def test_what_is_no_json_is_refused(text):
    assert refused(text) == "FilterPolicy: failed to parse JSON."


@pytest.mark.parametrize("text", ["[]", "5", '"a"', "null"])
def test_what_is_no_object_is_refused(text):
    assert refused(text).startswith("FilterPolicy: Filter is not an object\n")


def test_an_empty_policy_lets_everything_pass():
    assert takes({}, "no json")
    assert takes({}, {}, ATTRIBUTES)


@pytest.mark.parametrize(
    ("asked", "yes", "no"),
    [
        (["rugby", "tennis"], ["rugby", ["x", "tennis"]], ["Rugby", [], {}, None, 5]),
        ([100.123456789], [100.1234567], [100.1235, "100.123456789"]),
        ([301.5], [3.015e2], ["301.5"]),
        ([None], [None], ["null", 0, ""]),
        ([{"anything-but": ["rugby", "tennis"]}], ["ball", ["rugby", "ball"], 5, None], ["rugby", ["tennis"], []]),
        ([{"anything-but": [100, 500]}], [101, 100.1, [100, 50], "100"], [100, 500.0]),
        ([{"anything-but": {"prefix": "order-"}}], ["data-entry", "order_number"], ["order-cancelled"]),
        ([{"anything-but": {"equals-ignore-case": ["A", "b"]}}], ["c"], ["a", "B"]),
        ([{"anything-but": {"wildcard": "*.tmp"}}], ["x.txt"], ["x.tmp"]),
        ([{"prefix": "bas"}], ["baseball"], ["rugby", 5]),
        ([{"suffix": "ball"}], ["baseball"], ["BASEBALL", "balls"]),
        ([{"equals-ignore-case": "tennis"}], ["TeNNis"], ["tenis"]),
        ([{"cidr": "10.0.0.0/24"}], ["10.0.0.255"], ["10.1.1.0", "10.0.0.256", "text"]),
        ([{"cidr": "2001:db8::/32"}], ["2001:0db8:1::"], ["2001:db9::", "10.0.0.1"]),
        ([{"wildcard": "a*c"}], ["ac", "abc"], ["ab"]),
        ([{"numeric": [">", 0, "<=", 150]}], [150, 0.1], [0, 150.1, "1", True]),
        ([{"numeric": ["<", 0]}], [-0.5], [0]),
        ([{"exists": True}], ["", None, 0, [1]], [[], {}]),
        ([{"exists": False}], [[], {}], ["", None]),
        ([10**12], [10**12], [10**12 + 1]),
    ],
)
def test_operators(asked, yes, no):
    for value in yes:
        assert takes({"key": asked}, {"key": value}), value
    for value in no:
        assert not takes({"key": asked}, {"key": value}), value


def test_attributes_are_looked_at_by_their_types():
    def of(kind, text):
        return {"key": {"DataType": kind, "StringValue": text}}

    assert takes({"key": [100]}, of("Number", "100.0"), ATTRIBUTES)
    assert not takes({"key": [100]}, of("String", "100"), ATTRIBUTES)
    assert takes({"key": ["100"]}, of("String", "100"), ATTRIBUTES)
    assert takes({"key": [True]}, of("String.Array", '["x", true]'), ATTRIBUTES)
    assert not takes({"key": ["x"]}, of("String.Array", '["y", "z"]'), ATTRIBUTES)
    assert not takes({"key": [100]}, of("String.Array", "one hundred"), ATTRIBUTES)
    assert takes({"key": [{"anything-but": ["100"]}]}, of("Number", "100"), ATTRIBUTES)
    binary = {"key": {"DataType": "Binary", "BinaryValue": b"x"}}
    assert not takes({"key": [{"exists": True}]}, binary, ATTRIBUTES)
    assert takes({"key": [{"exists": False}]}, binary, ATTRIBUTES)


def test_what_is_null_is_there():
    assert not takes({"key": [None, {"anything-but": "x"}]}, {}, ATTRIBUTES)
    assert takes({"key": [None]}, {"key": None})


@pytest.mark.parametrize("body", ["text", '"text"', "5", "[1]", "null", '{"a":', "[" * 100_000])
def test_nothing_passes_to_the_body_policy_that_is_no_object(body):
    assert not takes({"a": [{"exists": False}]}, body)


def test_elements_of_an_array_do_not_go_together():
    policy = {"Records": {"name": [{"prefix": "Created:"}], "key": ["auto"]}}

    assert takes(policy, {"Records": [{"name": "Created:1", "key": [["auto"]]}, {"name": "x"}]})
    assert not takes(policy, {"Records": [{"name": "Created:1", "key": "home"}, {"name": "Removed:1", "key": "auto"}]})


def test_a_path_may_be_written_with_dots():
    for policy in ({"a.b": {"c": ["x"]}}, {"a": {"b": {"c": ["x"]}}}, {"a.b.c": ["x"]}):
        for body in ({"a": {"b": {"c": "x"}}}, {"a.b.c": "x"}, {"a": {"b.c": "x"}}):
            assert takes(policy, body)


def test_what_is_no_alternative_is_a_field_named_so():
    assert takes({"$or": ["x"]}, {"$or": "x"})
    assert takes({"$or": [{"prefix": "x"}, {"prefix": "y"}]}, {"$or": "yz"})
    assert not takes({"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"$or": "x"})
    assert takes({"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"b": "y"})


def test_it_says_which_key_was_not_satisfied():
    policy = compile_policy(
        json.dumps({"store": ["a"], "$or": [{"price": [{"numeric": [">", 9]}]}, {"vip": [True]}]}), BODY
    )

    decision = policy.explain(message({"store": "b", "vip": True}))
    assert (decision.key, decision.rule) == ("store", '["a"]')
    decision = policy.explain(message({"store": "a", "price": 5}))
    assert (decision.key, decision.rule) == ("price", '[{"numeric": [">", 9]}]')
    assert "JSON" in policy.explain(message("text")).rule
    two = compile_policy('{"r":{"x":[1],"y":[2]}}', BODY).explain(message({"r": [{"x": 1}, {"y": 2}]}))
    assert (two.key, two.rule) == ("r.x, r.y", "not in the same element of an array")


def compiled_or_skip(policy, scope):
    try:
        return compile_policy(json.dumps(policy), scope)
    except FilterPolicyError as error:
        assume("too complex" not in error.text)
        raise


@given(samples.FLAT_POLICIES, samples.ATTRIBUTE_SETS)
def test_attributes_as_the_naive_evaluator_has_them(policy, attributes):
    compiled = compiled_or_skip(policy, ATTRIBUTES)
    what = message(attributes=attributes)

    assert compiled.accepts(what) is samples.naive_attributes(policy, attributes)
    assert compiled.explain(what).accepted is compiled.accepts(what)


@given(samples.DEEP_POLICIES, samples.BODIES)
def test_bodies_as_the_naive_evaluator_has_them(policy, body):
    compiled = compiled_or_skip(policy, BODY)
    what = message(body)

    assert compiled.accepts(what) is samples.naive(policy, body)
    assert compiled.explain(what).accepted is compiled.accepts(what)


_KEYS = st.sampled_from(["a", "$or", "prefix", "numeric", "anything-but", "exists", "cidr", "wildcard"])


@given(
    st.recursive(
        st.one_of(samples.LITERALS, st.text(max_size=4)),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=3)),
        max_leaves=12,
    )
)
def test_whatever_is_given_is_a_policy_or_is_refused(given_policy):
    try:
        compiled = compile_policy(json.dumps(given_policy), BODY)
    except FilterPolicyError:
        return
    compiled.accepts(message(given_policy))


def test_half_a_pair_can_be_refused_in_utf_8():
    refused('{"\\ud800":[]}').encode()
    refused('{"\\ud800":["a"],"b":5}').encode()
