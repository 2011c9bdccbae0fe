#!/bin/sh
# install.sh FOLDER: a virtual environment in FOLDER with Undercast as its users get it, pinned. The Dockerfile's only
# step of substance; CI runs it too, where there is no Docker.
set -eu

folder=$1
root=$(cd "$(dirname "$0")/.." && pwd)

"${PYTHON:-python3}" -m venv "$folder"
"$root/.ci/pip_install.sh" "$folder/bin/python" --no-cache-dir -c "$root/constraints.txt" "$root"
