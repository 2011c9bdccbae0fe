"""Whoever follows the markers sees everything once, whatever comes and goes meanwhile."""

from hypothesis import given
from hypothesis import strategies as st

from services.lambda_.limits import PAGE
from services.lambda_.paging import page

NAMES = st.sets(st.text("abc-", min_size=1, max_size=3), max_size=12)


@given(stay=NAMES, go=NAMES, come=NAMES, size=st.integers(1, 5))
def test_what_stays_is_seen_once(stay, go, come, size):
    there, seen, params = stay | go, [], {"MaxItems": size}
    while True:
        shown, more = page(there, str, params)
        assert len(shown) <= size
        seen += shown
        if not more:
            break
        there = stay | come
        params = {"MaxItems": size, "Marker": more["NextMarker"]}
    assert sorted(name for name in seen if name in stay) == sorted(stay)
    assert len(seen) == len(set(seen))


def test_a_page_has_its_ceiling_whatever_is_asked():
    shown, more = page(map(str, range(200)), str, {"MaxItems": 10_000})
    assert (len(shown), bool(more)) == (PAGE, True)


def test_a_marker_that_is_none_begins_anew():
    assert page("ab", str, {"Marker": "%%%"}) == (["a", "b"], {})
