#!/bin/bash
# smoke.sh FOLDER: the installation that install.sh made starts, is healthy and stops.
set -euo pipefail

bin=$1/bin
# Away from the checkout, whose folders must not be what makes it work.
cd "$(mktemp -d)"
said=$("$bin/undercast" start --port 0 --detach)
echo "$said"
UNDERCAST_ENDPOINT=$(sed -n 's/^Undercast runs at \([^ ]*\) .*/\1/p' <<< "$said")
export UNDERCAST_ENDPOINT
"$bin/undercast" status
"$bin/undercast" stop
