#!/bin/sh
# Installs this bundle without a network: sh install.sh FOLDER. PYTHON=... names another Python $python.
set -eu
here=$$(CDPATH='' cd -- "$$(dirname -- "$$0")" && pwd)
exec "$${PYTHON:-python$python}" -B "$$here/install.py" "$$@"
