"""Asks every HOST:PORT given, all at once, with what Python trusts by itself, and prints a line for each: "answered" or "failed" and why.

Certificate, key and passphrase of the client come from the variables of Claude Code, where they are there.
"""

import os
import ssl
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor

LIMIT = int(os.environ["LIMIT_IN_MS"]) / 1000
context = ssl.create_default_context()
if "CLAUDE_CODE_CLIENT_CERT" in os.environ:
    names = ("CLAUDE_CODE_CLIENT_CERT", "CLAUDE_CODE_CLIENT_KEY", "CLAUDE_CODE_CLIENT_KEY_PASSPHRASE")
    context.load_cert_chain(*(os.environ[name] for name in names))


def ask(address):
    try:
        with urllib.request.urlopen(address, timeout=LIMIT, context=context) as answer:
            return f"answered {answer.status}"
    except urllib.error.HTTPError as answer:
        return f"answered {answer.status}"
    except Exception as error:
        return f"failed {error}".replace("\n", " ")


with ThreadPoolExecutor(64) as pool:
    print("\n".join(pool.map(ask, sys.argv[1:])))
