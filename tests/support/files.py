"""A TLS server that gives everybody the files of a folder: files.py CHAIN KEY FOLDER.

Prints its port. Ends when standard input does.
"""

import functools
import http.server
import os
import ssl
import sys
import threading


class Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def finish_request(self, request, client_address):
        # Here, in the thread of the connection, so that a slow handshake keeps nobody waiting.
        request.settimeout(60)
        with tls.wrap_socket(request, server_side=True) as connection:
            super().finish_request(connection, client_address)

    def handle_error(self, *_):
        pass


tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(sys.argv[1], sys.argv[2])
server = Server(("127.0.0.1", 0), functools.partial(Files, directory=sys.argv[3]))
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()
os._exit(0)
