#!/bin/sh
# pip_install.sh PYTHON ARGS...: pip install, silent when it works and complete when it does not.
set -eu

python=$1
shift
if ! said=$("$python" -m pip install --disable-pip-version-check --no-input --no-color "$@" 2>&1); then
    printf '%s\n' "$said" >&2
    echo "pip install $* failed" >&2
    exit 1
fi
