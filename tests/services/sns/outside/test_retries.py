"""Delays of retries: rules for every policy, and the phases of those that are known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sns.outside.retries import FUNCTIONS, RetryPolicy, Throttle

counts = st.integers(0, 40)


@st.composite
def policies(draw):
    least = draw(st.integers(1, 3600))
    return RetryPolicy(
        draw(counts),
        draw(counts),
        draw(counts),
        draw(counts),
        float(least),
        float(draw(st.integers(least, 3600))),
        draw(st.sampled_from(sorted(FUNCTIONS))),
    )


def delays(policy):
    return [policy.delay_s(retry) for retry in range(1, policy.retries + 1)]


@given(policies())
def test_delays_never_shrink_and_stay_within_their_bounds(policy):
    found = delays(policy)

    assert found == sorted(found)
    assert found[: policy.immediate] == [0.0] * policy.immediate
    assert all(policy.least_s <= delay <= policy.most_s for delay in found[policy.immediate :])
    assert policy.delay_s(0) is None
    assert policy.delay_s(policy.retries + 1) is None


@given(policies())
def test_each_phase_has_its_number_of_retries(policy):
    found = delays(policy)
    before = policy.immediate + policy.pre_backoff

    assert found[policy.immediate : before] == [policy.least_s] * policy.pre_backoff
    assert found[before + policy.backoff :] == [policy.most_s] * policy.post_backoff


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_the_backoff_goes_from_the_least_to_the_greatest_delay(function):
    found = delays(RetryPolicy(0, 0, 10, 0, 5.0, 260.0, function))

    assert found[0] == pytest.approx(5.0)
    assert found[-1] == pytest.approx(260.0)


def test_linear_waits_longest_and_exponential_shortest():
    at = {name: RetryPolicy(0, 0, 10, 0, 5.0, 260.0, name).delay_s(5) for name in FUNCTIONS}

    assert at["linear"] > at["arithmetic"] > at["geometric"] > at["exponential"]


def test_linear_steps_are_equal():
    assert delays(RetryPolicy(0, 0, 4, 0, 10.0, 40.0, "linear")) == [10.0, 20.0, 30.0, 40.0]


def test_geometric_ratios_are_equal():
    found = delays(RetryPolicy(0, 0, 4, 0, 2.0, 16.0, "geometric"))

    assert found == pytest.approx([2.0, 4.0, 8.0, 16.0])


def test_exponential_differences_double():
    found = delays(RetryPolicy(0, 0, 4, 0, 1.0, 8.0, "exponential"))

    assert found == pytest.approx([1.0, 2.0, 4.0, 8.0])


@given(st.lists(st.floats(0, 10), max_size=30).map(sorted), st.integers(1, 50))
def test_no_second_sees_more_than_the_throttle_lets_through(instants, per_second):
    throttle = Throttle(per_second)
    places = [throttle.take(at) for at in instants]

    assert all(place >= at for place, at in zip(places, instants, strict=True))
    for at in places:
        assert sum(at <= place < at + 0.999 for place in places) <= per_second
