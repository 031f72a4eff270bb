#!/bin/sh
# Says the passphrase to git, which asks for it: PASSPHRASE holds it.
printf "%s\n" "$PASSPHRASE"
