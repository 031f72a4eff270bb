#!/bin/bash
# Makes everything in testdata/ again, with fixed dates and names. What is random (private keys, salts of
# encrypted keys) is kept where it is there: a run changes nothing but what a recipe has changed. Remove a file
# to have it made anew.
# Needs openssl 3 and what tests/setup installs.
set -eu
cd "$(dirname "$0")"
PYTHONPATH=$PWD/../target/tools/python PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore exec python3 make.py
