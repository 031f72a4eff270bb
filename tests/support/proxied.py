"""Gets every address given, by way of the variables of the proxy, and prints a line for each: the body, or "failed" and why.

The first argument is `requests` or `urllib`.
"""

import sys

if sys.argv[1] == "requests":
    import requests

    def get(address):
        return requests.get(address, timeout=3).text
else:
    import urllib.request

    def get(address):
        with urllib.request.urlopen(address, timeout=3) as answer:
            return answer.read().decode()


for address in sys.argv[2:]:
    try:
        print(get(address).strip())
    except Exception as error:
        print("failed", type(error).__name__)
