"""Log events out of a pipe."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from emulator.sandboxes.output import LONGEST_LINE, Splitter


def frame(text: bytes) -> bytes:
    return b"\xa5\x5a\x00\x03" + len(text).to_bytes(4, "big") + bytes(8) + text


TEXT = st.text(max_size=20).map(str.encode)
LINE = TEXT.map(lambda text: text.replace(b"\n", b" ") + b"\n")


@given(st.lists(st.one_of(LINE.map(lambda t: (t, t)), TEXT.map(lambda t: (frame(t), t)))), st.data())
def test_however_it_is_cut(messages: list[tuple[bytes, bytes]], data: st.DataObject) -> None:
    written = b"".join(raw for raw, _ in messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(written)), max_size=10)))
    splitter = Splitter()
    found: list[bytes] = []
    for begin, end in zip([0, *cuts], [*cuts, len(written)], strict=True):
        found += splitter.feed(written[begin:end])
    assert found == [text for _, text in messages]
    assert splitter.rest() == b""


@given(st.lists(st.binary(max_size=50)))
def test_any_bytes_are_kept(parts: list[bytes]) -> None:
    splitter = Splitter()
    found = [event for part in parts for event in splitter.feed(part)]
    # What looks like a frame loses its head; nothing else is lost.
    if b"\xa5\x5a\x00" not in b"".join(parts):
        assert b"".join(found) + splitter.rest() == b"".join(parts)


def test_a_frame_ends_a_line() -> None:
    assert list(Splitter().feed(b"half" + frame(b"whole\nmessage") + b"rest\n")) == [
        b"half",
        b"whole\nmessage",
        b"rest\n",
    ]


def test_a_line_without_end_is_cut() -> None:
    splitter = Splitter()
    assert [len(event) for event in splitter.feed(b"x" * (LONGEST_LINE + 5))] == [LONGEST_LINE]
    assert splitter.rest() == b"xxxxx"


def test_a_frame_that_claims_too_much_is_text() -> None:
    splitter = Splitter()
    assert list(splitter.feed(b"\xa5\x5a\x00\x03\xff\xff\xff\xff" + bytes(8) + b"\n")) != []
