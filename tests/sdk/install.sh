#!/bin/sh
# install.sh [NAME...]: installs the real clients that tests/sdk drives, each at the repository root in an environment of
# its own, .venv-sdk/NAME (their pins and ours need not meet). Without names: all of them. Does nothing that is done.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tools=$root/.venv-sdk

# The Python of Undercast's own environment, where there is one: `make` has found it to be new enough.
python=${PYTHON:-}
if [ -z "$python" ]; then
    python=$root/.venv/bin/python
    [ -x "$python" ] || python=python3
fi

# A copy of the pins is left behind last: it says that everything before it worked, and for which pins.
is_done() {
    [ -f "$tools/$1/.installed" ] && cmp -s "$2" "$tools/$1/.installed"
}

python_tool() {
    pins=$here/requirements-$1.txt
    is_done "$1" "$pins" && return
    echo "Installing $1 ..."
    rm -rf "${tools:?}/$1"
    "$python" -m venv "$tools/$1"
    # Wheels only: nobody should need a compiler, and the headers of curl, to run these tests.
    "$root/.ci/pip_install.sh" "$tools/$1/bin/python" --only-binary :all: -r "$pins"
    cp "$pins" "$tools/$1/.installed"
}

javascript() {
    pins=$here/javascript/package-lock.json
    is_done javascript "$pins" && return
    if ! command -v npm >/dev/null; then
        echo "install.sh: javascript needs Node.js 20 or newer, with npm" >&2
        return 1
    fi
    echo "Installing javascript ..."
    rm -rf "$tools/javascript"
    mkdir -p "$tools/javascript"
    cp "$here/javascript/package.json" "$pins" "$tools/javascript/"
    (cd "$tools/javascript" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error >/dev/null)
    cp "$pins" "$tools/javascript/.installed"
}

[ $# -gt 0 ] || set -- awscli celery old-boto3 javascript
for name in "$@"; do
    case $name in
        awscli | celery | old-boto3) python_tool "$name" ;;
        javascript) javascript ;;
        *) echo "install.sh: there is no $name (awscli, celery, old-boto3, javascript)" >&2; exit 2 ;;
    esac
done
