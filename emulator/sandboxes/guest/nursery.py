"""The parent of functions' processes: `python -I -S nursery.py <root folder> <runtime site> <bootstrap>`.

Run by path, in an interpreter that has imported nothing of the server's. It has imported AWS's runtime client, and
forks: a function's first invocation does not wait for an interpreter to start. It is single-threaded, so forking it is
safe, and being the parent of all it can promise that none is left: when the server is gone, however it went, the
control socket (fd 0) ends, and every descendant is killed.

Orders come as 4 bytes of length and JSON, with the descriptors they speak of beside them (SCM_RIGHTS); reports go back
as lines of JSON. Where Linux lets us (as root, or with unprivileged user namespaces) each process gets a mount
namespace of its own in which its folders are `/var/task`, `/opt` and `/tmp`; `hello` tells whether.
"""

from __future__ import annotations

import ctypes
import fcntl
import gc
import importlib.util
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

# Linux's numbers: prctl(2), mount(2), unshare(2), capabilities(7).
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_SLAVE = 0x80000
CLONE_NEWNS = 0x20000
CLONE_NEWUSER = 0x10000000
CAPABILITY_VERSION_3 = 0x20080522

MOST_FILES = 1024
"""Open files of a function, as on AWS: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
CORE, MEMLOCK, PROCESSES = 10 * 1024**3, 64 * 1024, 742
"""Further limits as a function sees them on AWS."""
LINUX = sys.platform == "linux"
libc = ctypes.CDLL(None, use_errno=True)


def check(result: int, what: str) -> None:
    """Raise OSError for a libc call that failed."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Mount. A relative source is looked up from the working directory, which stays in the machine's own tree."""
    done = libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode())
    check(done, "mount " + target)


class Root:
    """The tree that functions see: the machine's own, but for /var/task, /var/runtime, /opt and /tmp."""

    def __init__(self, folder: str, runtime: str, kept: list[str]) -> None:
        self.user_namespace = os.geteuid() != 0
        if self.user_namespace:
            user, group = os.geteuid(), os.getegid()
            check(libc.unshare(CLONE_NEWUSER | CLONE_NEWNS), "unshare")
            for name, text in (
                ("setgroups", "deny"),
                ("uid_map", f"{user} {user} 1"),
                ("gid_map", f"{group} {group} 1"),
            ):
                with open("/proc/self/" + name, "w") as file:
                    file.write(text)
        else:
            check(libc.unshare(CLONE_NEWNS), "unshare")
        # What is mounted on the machine later is seen here too; nothing of ours is seen there.
        mount("none", "/", "", MS_REC | MS_SLAVE)
        mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m")
        self._folder = folder
        for name in os.listdir("/"):
            if name not in ("var", "opt", "tmp"):
                self._same("/" + name)
        os.mkdir(folder + "/var", 0o755)
        for name in os.listdir("/var") if os.path.isdir("/var") else []:
            if name not in ("task", "runtime"):
                self._same("/var/" + name)
        for name in ("/var/task", "/var/runtime", "/opt", "/tmp"):
            os.mkdir(folder + name, 0o755)
        for path in kept:
            # An interpreter below /opt must stay where it is.
            if path.startswith("/opt/"):
                top = "/opt/" + path.split("/")[2]
                if not os.path.lexists(folder + top):
                    self._same(top)
        self.opt_is_shared = bool(os.listdir(folder + "/opt"))
        mount(runtime, folder + "/var/runtime", "", MS_BIND)
        os.chdir("/")
        os.chroot(folder)
        # The working directory stays outside: sources of later mounts are found from there.

    def _same(self, path: str) -> None:
        """Show what the machine has at `path`. What can't be shown is left out."""
        target = self._folder + path
        try:
            if os.path.islink(path):
                os.symlink(os.readlink(path), target)
            elif os.path.isdir(path):
                os.mkdir(target, 0o755)
                mount(path, target, "", MS_BIND | MS_REC)
            else:
                os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
                mount(path, target, "", MS_BIND)
        except OSError:
            pass

    def enter(self, binds: list[list[str]]) -> None:
        """In a child: give it its own folders. `binds` are [machine's folder, place, "ro" or "rw"]."""
        check(libc.unshare(CLONE_NEWNS), "unshare")
        for source, target, mode in binds:
            relative = source.lstrip("/")
            if target == "/opt" and self.opt_is_shared:
                self._into_opt(relative)
                continue
            mount(relative, target, "", MS_BIND | MS_REC)
            if mode == "ro":
                # A user namespace may not take away flags that the folder's own mount has.
                mount("none", target, "", MS_BIND | MS_REMOUNT | MS_RDONLY | flags_of(target))
        if self.user_namespace:
            # All that was needed them for is done.
            header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
            check(libc.capset(header, bytes(24)), "capset")

    def _into_opt(self, source: str) -> None:
        """Layers beside what must stay in /opt."""
        mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m")
        for name in set(os.listdir("/opt")) | set(os.listdir(source)):
            place = "/tmp/" + name
            entry = source + "/" + name
            entry = entry if os.path.lexists(entry) else "/opt/" + name
            if os.path.isdir(entry):
                os.mkdir(place)
            else:
                os.close(os.open(place, os.O_CREAT | os.O_WRONLY, 0o644))
            mount(entry, place, "", MS_BIND | MS_REC)
        mount("/tmp", "/opt", "", MS_BIND | MS_REC)


def flags_of(path: str) -> int:
    """The mount flags at `path` that a remount has to repeat."""
    found = os.statvfs(path).f_flag
    names = (("ST_NOSUID", MS_NOSUID), ("ST_NODEV", MS_NODEV), ("ST_NOEXEC", 0x8), ("ST_NOATIME", 0x400))
    flags = sum(flag for name, flag in names if found & getattr(os, name, 0))
    return flags | (0x200000 if found & getattr(os, "ST_RELATIME", 0) else 0)


class Nursery:
    """Takes orders, forks, reaps, reports."""

    def __init__(self, control: socket.socket, root: Root | None, start_python: Callable[..., None]) -> None:
        self.control = control
        self.root = root
        self.start_python = start_python
        self.pids: dict[int, int] = {}
        """Of living processes, by their number in orders."""
        self.numbers: dict[int, int] = {}
        self.marks: dict[int, bytes] = {}
        """What their descendants have in their environment, by number."""
        self.mounts: dict[int, str] = {}
        """And what names their mount namespace, if they have one of their own."""
        self.ended: list[tuple[bytes, str]] = []
        """Both, of processes that have ended and may have left others."""
        self.pid = os.getpid()
        self.received = b""
        self.descriptors: list[int] = []
        self.wake_read, self.wake_write = os.pipe()
        os.set_blocking(self.wake_read, False)
        os.set_blocking(self.wake_write, False)

    def serve(self) -> Callable[[], None] | None:
        """Serve until the server is gone: None. In a forked child: what it is to do, once out of here."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.wake_write)
        waiting: list[Any] = [self.control, self.wake_read]
        while True:
            ready, _, _ = select.select(waiting, [], [])
            if self.wake_read in ready:
                os.read(self.wake_read, 4096)
                self.reap()
                self.kill_strays()
            if self.control in ready:
                data, descriptors, _, _ = socket.recv_fds(self.control, 65536, 64)
                if not data:
                    return None
                self.received += data
                self.descriptors += descriptors
                while True:
                    order = self.next_order()
                    if order is None:
                        break
                    job = self.obey(order)
                    if job is not None:
                        return job

    def next_order(self) -> dict[str, Any] | None:
        """The next whole order received."""
        if len(self.received) < 4:
            return None
        size = int.from_bytes(self.received[:4], "big")
        if len(self.received) < 4 + size:
            return None
        text, self.received = self.received[4 : 4 + size], self.received[4 + size :]
        order: dict[str, Any] = json.loads(text)
        return order

    def report(self, **what: Any) -> None:
        """Tell the server."""
        try:
            self.control.sendall(json.dumps(what).encode() + b"\n")
        except OSError:
            pass  # It is gone, which the next read tells.

    def obey(self, order: dict[str, Any]) -> Callable[[], None] | None:
        """Do what is ordered. In a forked child: what it is to do."""
        number = order["number"]
        if order["do"] == "kill":
            self.kill(number, order["signal"])
            return None
        descriptors = [self.descriptors.pop(0) for _ in range(order["descriptors"])]
        # The child closes its end by exec, or when its surroundings are ready; or says what went wrong.
        failed_read, failed_write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(failed_read)
            return lambda: self.be_born(order, descriptors, failed_write)
        os.close(failed_write)
        for descriptor in descriptors:
            os.close(descriptor)
        failure = b""
        while True:
            part = os.read(failed_read, 4096)
            if not part:
                break
            failure += part
        os.close(failed_read)
        self.pids[number] = pid
        self.numbers[pid] = number
        self.marks[number] = order["mark"].encode()
        if self.root is not None:
            self.mounts[number] = mounts_of(pid)
        self.report(event="started", number=number, pid=pid, failure=json.loads(failure) if failure else None)
        return None

    # -- the end of processes

    def kill(self, number: int, signal_number: int) -> None:
        """Signal a process; SIGKILL goes to its group and its descendants."""
        pid = self.pids.get(number)
        if pid is None:
            return
        if signal_number == signal.SIGKILL:
            family = descendants(pid)
            kill_quietly(os.killpg, pid, signal.SIGKILL)
            for relative in family:
                kill_quietly(os.kill, relative, signal.SIGKILL)
        else:
            kill_quietly(os.kill, pid, signal_number)

    def reap(self) -> None:
        """Collect those that have ended. What is left of their groups ends too."""
        while True:
            try:
                waiting = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) if LINUX else None
            except ChildProcessError:
                return
            if LINUX and waiting is None:
                return
            if waiting is not None and waiting.si_pid in self.numbers:
                # Not yet collected, so its number can't be anybody else's.
                kill_quietly(os.killpg, waiting.si_pid, signal.SIGKILL)
            try:
                pid, status, usage = os.wait4(waiting.si_pid if waiting is not None else -1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            number = self.numbers.pop(pid, None)
            if number is None:
                continue
            if not LINUX:
                kill_quietly(os.killpg, pid, signal.SIGKILL)
            del self.pids[number]
            self.ended.append((self.marks.pop(number), self.mounts.pop(number, "")))
            self.kill_strays()
            size = usage.ru_maxrss * 1024 if LINUX else usage.ru_maxrss
            self.report(event="exited", number=number, status=status, max_memory=size)

    def kill_strays(self) -> None:
        """Kill what left its group and was adopted by us, with all below it: by its mounts, or its environment.

        An environment can be cleared, and a process that was forked only does not show it; mounts can't be left. One
        may start another before it dies: its end wakes us, and we look again, until a look finds nobody.
        """
        if not LINUX or not self.ended:
            return
        strays = [pid for pid in children(os.getpid()) if pid not in self.numbers]
        left = []
        for mark, mounts in self.ended:
            found = [pid for pid in strays if is_of(pid, mark, mounts)]
            for pid in found:
                for relative in (*descendants(pid), pid):
                    kill_quietly(os.kill, relative, signal.SIGKILL)
            if found:
                left.append((mark, mounts))
        self.ended = left

    def kill_all(self) -> None:
        """The server is gone: so is everything."""
        for number in list(self.pids):
            self.kill(number, signal.SIGKILL)
        while True:
            for pid in children(os.getpid()) if LINUX else []:
                kill_quietly(os.kill, pid, signal.SIGKILL)
            try:
                # Those whose parents have just been killed become ours.
                os.wait()
            except ChildProcessError:
                return

    # -- in the child

    def be_born(self, order: dict[str, Any], descriptors: list[int], failed: int) -> None:
        """Become the process that was ordered. Runs outside of the serving loop's frames."""
        # Out of the way of those that are given to it.
        failed = fcntl.fcntl(failed, fcntl.F_DUPFD_CLOEXEC, 10)
        try:
            self.set_up(order, descriptors, failed)
            if order["argv"]:
                os.execve(order["argv"][0], order["argv"], order["environment"])
        except OSError as error:
            os.write(failed, json.dumps([error.errno, error.strerror or str(error)]).encode())
            os._exit(127 if error.errno == 2 else 126)
        os.close(failed)
        python = order["python"]
        self.start_python(python["task"], python["opt"], python["site"], python["handler"])

    def set_up(self, order: dict[str, Any], descriptors: list[int], failed: int) -> None:
        """Descriptors, namespace, limits, environment."""
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        if order["argv"]:
            # Python ignores it, and what is ignored stays so over exec.
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.setsid()
        if LINUX:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != self.pid:
                os._exit(1)
        if self.root is not None:
            self.root.enter(order["binds"])
        self.control.detach()
        nothing = os.open(os.devnull, os.O_RDONLY)
        output = fcntl.fcntl(descriptors[0], fcntl.F_DUPFD_CLOEXEC, 10)
        os.dup2(nothing, 0)
        # Standard output and error, and 3 for framed log messages: one pipe, so that their order is kept.
        for given in (1, 2, 3):
            os.dup2(output, given)
        for descriptor in open_descriptors():
            if descriptor > 3 and descriptor != failed:
                try:
                    os.close(descriptor)
                except OSError:
                    pass
        limit(resource.RLIMIT_NOFILE, MOST_FILES)
        # A core dump would land in the working directory, which is read-only only where we mount.
        limit(resource.RLIMIT_CORE, CORE if self.root is not None else 0)
        if os.geteuid() == 0 and LINUX:
            # Processes are counted by user; to the superuser the number is only shown.
            limit(resource.RLIMIT_MEMLOCK, MEMLOCK)
            limit(resource.RLIMIT_NPROC, PROCESSES)
        os.umask(0o022)
        os.chdir(order["folder"])
        os.environ.clear()
        os.environ.update(order["environment"])


def limit(which: int, value: int) -> None:
    """Set a resource limit, as far as we may."""
    hard = resource.getrlimit(which)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))


def open_descriptors() -> list[int]:
    """Ours, now."""
    try:
        return [int(name) for name in os.listdir("/proc/self/fd" if LINUX else "/dev/fd")]
    except OSError:
        return list(range(3, 1024))


def children(pid: int) -> list[int]:
    """The living and dead children of a process."""
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                found += [int(number) for number in file.read().split()]
    except OSError:
        pass
    return found


def descendants(pid: int) -> set[int]:
    """All that a process has started, and they."""
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        for child in children(waiting.pop()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found


def mounts_of(pid: int) -> str:
    """The name of a process's mount namespace; nothing for one that has ended."""
    try:
        return os.readlink(f"/proc/{pid}/ns/mnt")
    except OSError:
        return ""


def is_of(pid: int, mark: bytes, mounts: str) -> bool:
    """Whether a process has these mounts, or this in its environment."""
    if mounts and mounts_of(pid) == mounts:
        return True
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return mark in file.read().split(b"\0")
    except OSError:
        return False


def kill_quietly(kill: Callable[[int, int], None], whom: int, how: int) -> None:
    """Those that are gone are what we want."""
    try:
        kill(whom, how)
    except (ProcessLookupError, PermissionError):
        pass


def load(path: str) -> Any:
    """A module of ours by its file; it is no module of the function's."""
    spec = importlib.util.spec_from_file_location("bootstrap", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """See the module."""
    folder, runtime, script, kept = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    control = socket.socket(fileno=os.dup(0))
    bootstrap = load(script)
    root: Root | None = None
    why = "this is not Linux"
    if LINUX:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        why = ""
        if folder:
            try:
                root = Root(folder, runtime, kept)
            except OSError as error:
                why = error.strerror or str(error)
    site = "/var/runtime" if root is not None else runtime
    nursery = Nursery(control, root, bootstrap.run)
    nursery.report(event="hello", pid=os.getpid(), mounted=root is not None, why=why)
    if runtime:
        bootstrap.preload(site)
    sys.argv = ["/var/runtime/bootstrap.py"]
    # What exists now is shared with children for good.
    gc.collect()
    gc.freeze()
    job = nursery.serve()
    if job is None:
        nursery.kill_all()
        leave()
    job()


def leave() -> NoReturn:
    """End without anything that waits."""
    os._exit(0)


if __name__ == "__main__":
    main()
