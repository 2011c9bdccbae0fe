#!/bin/sh
# make_venv.sh FOLDER [PYTHON]: a virtual environment with Undercast (editable) and its development tools, pinned.
set -eu

folder=$1
chosen=${2:-}
root=$(cd "$(dirname "$0")/.." && pwd)

# Asking the interpreter itself: a name on PATH may be a stub that runs nothing.
new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if [ -n "$chosen" ]; then
    if ! new_enough "$chosen"; then
        echo "make: $chosen is not a Python 3.11 or newer: $("$chosen" --version 2>&1 | head -n 1)" >&2
        exit 1
    fi
else
    for name in python3.13 python3.12 python3.11 python3 python; do
        if new_enough "$name"; then
            chosen=$name
            break
        fi
    done
    if [ -z "$chosen" ]; then
        echo "make: Undercast needs Python 3.11 or newer, and the newest found is $(python3 --version 2>&1 || echo none)." >&2
        echo "make: Install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2
        exit 1
    fi
fi

echo "Making the environment in $folder with $("$chosen" --version) (once, about a minute) ..."
# An environment of another Python, or one half made, is of no use.
rm -rf "$folder"
if ! said=$("$chosen" -m venv "$folder" 2>&1); then
    echo "$said" >&2
    echo "make: $chosen cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv" >&2
    exit 1
fi
"$root/.ci/pip_install.sh" "$folder/bin/python" -c "$root/constraints.txt" -e "$root[dev]"
