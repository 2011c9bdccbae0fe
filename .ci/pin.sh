#!/bin/sh
# pin.sh: writes both constraints files anew (`make pins`). constraints.txt has the newest of everything that
# pyproject.toml's ranges allow, constraints-lowest.txt the lowest of what it names itself.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The oldest Python we support: what it can install, the newer ones can too.
python=${PYTHON:-python3.11}
for name in venv lowest uv; do
    "$python" -m venv "$work/$name"
done

"$root/.ci/pip_install.sh" "$work/venv/bin/python" -e "$root[dev]"
{
    echo "# The whole development tree, as CI installs it. Made by \`make pins\`; nobody edits it by hand."
    "$work/venv/bin/python" -m pip freeze --exclude-editable 2>/dev/null
} > "$root/constraints.txt"

"$root/.ci/pip_install.sh" "$work/uv/bin/python" uv
"$work/uv/bin/uv" pip install --quiet --python "$work/lowest/bin/python" --resolution lowest-direct -e "$root[dev]"
{
    echo "# The lowest versions that pyproject.toml claims, with which CI runs the fast tests. Made by \`make pins\`."
    "$work/lowest/bin/python" -m pip freeze --exclude-editable 2>/dev/null
} > "$root/constraints-lowest.txt"
