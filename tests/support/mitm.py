"""mitmproxy, which answers by itself and opens no connection: mitm.py FOLDER.

Prints its port when it listens; its root is in FOLDER then, in mitmproxy-ca-cert.pem. Ends when standard input does.
"""

import asyncio
import os
import sys
import threading

from mitmproxy import http, options
from mitmproxy.tools.dump import DumpMaster


class Answer:
    def request(self, flow):
        flow.response = http.Response.make(200, b"hello from between\n")


async def main():
    settings = options.Options(confdir=sys.argv[1], listen_host="127.0.0.1", listen_port=0)
    master = DumpMaster(settings, with_termlog=False, with_dumper=False)
    master.options.update(connection_strategy="lazy", upstream_cert=False)
    master.addons.add(Answer())
    running = asyncio.create_task(master.run())
    proxy = master.addons.get("proxyserver")
    while not (addresses := proxy.listen_addrs()):
        await asyncio.sleep(0.05)
    print(addresses[0][1], flush=True)
    await running


def end():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end, daemon=True).start()
asyncio.run(main())
