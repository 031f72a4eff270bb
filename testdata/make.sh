#!/bin/bash
# Makes everything in testdata/ again, with fixed dates and names. Private keys that are there are kept, so
# that certificates made once still belong to them; salts and ECDSA signatures differ each time.
# Needs openssl 3 and what tests/setup installs.
set -eu
cd "$(dirname "$0")"
PYTHONPATH=$PWD/../target/tools/python PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore exec python3 make.py
