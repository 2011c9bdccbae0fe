"""Whose connection it is: a Runtime API answers its own sandbox's processes only.

Its address is drawn at random, but a function may read all listening addresses of the machine from `/proc/net/tcp`. So
the kernel is asked for the client's socket (sock_diag(7)) and the sandbox's processes are looked through for it. Where
the kernel does not tell (not Linux, no such netlink family), nobody is refused.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from typing import Final

_SOCK_DIAG: Final = 4
_BY_FAMILY: Final = 20
_REQUEST: Final = 1
_ANY: Final = 0xFFFFFFFF
_HEAD: Final = struct.Struct("=IHHII")
_QUESTION: Final = struct.Struct("=BBBBI")
_INODE_AT: Final = _HEAD.size + 68
"""`struct inet_diag_msg` ends with it."""

Address = tuple[str, int]


def inode(client: Address, server: Address) -> int:
    """The number of the client's end of an IPv4 connection; 0 where it can't be found out."""
    family = getattr(socket, "AF_NETLINK", None)
    if family is None:
        return 0
    ends = struct.pack("!HH", client[1], server[1])
    ends += socket.inet_aton(client[0]).ljust(16, b"\0") + socket.inet_aton(server[0]).ljust(16, b"\0")
    question = (
        _QUESTION.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0, _ANY) + ends + struct.pack("=III", 0, _ANY, _ANY)
    )
    try:
        with socket.socket(family, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _SOCK_DIAG) as asking:
            asking.setblocking(False)
            asking.send(_HEAD.pack(_HEAD.size + len(question), _BY_FAMILY, _REQUEST, 1, 0) + question)
            answer = asking.recv(4096)
    except OSError:
        return 0
    if len(answer) < _INODE_AT + 4 or _HEAD.unpack_from(answer)[1] != _BY_FAMILY:
        return 0
    found: int = struct.unpack_from("=I", answer, _INODE_AT)[0]
    return found


def holds(pid: int, number: int) -> bool | None:
    """Whether a process has that socket open; None when we may not look."""
    wanted = f"socket:[{number}]"
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)  # noqa: PTH208 (at each cold start)
    except PermissionError:
        return None
    except OSError:
        return False
    for name in names:
        with contextlib.suppress(OSError):
            if os.readlink(f"{folder}/{name}") == wanted:  # noqa: PTH115
                return True
    return False


def is_of(pid: int, sandbox: int, nursery: int, mark: bytes) -> bool:
    """Whether a process that left its family is of the sandbox of the process `sandbox`.

    By its mounts, where the nursery makes them for each sandbox; else by what all of it have in their environment.
    """
    with contextlib.suppress(OSError):
        theirs = os.readlink(f"/proc/{sandbox}/ns/mnt")  # noqa: PTH115
        if theirs != os.readlink(f"/proc/{nursery}/ns/mnt") and theirs == os.readlink(f"/proc/{pid}/ns/mnt"):  # noqa: PTH115
            return True
    with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123
        return mark in file.read().split(b"\0")
    return False
