"""TLS servers for one test: servers.py FOLDER. For every NAME.leaf.pem there one that shows this certificate (leaf.key is the key of all).

Prints a line for each, its name and its port, then an empty line. Answers everybody as a git server of the simple kind would. Ends
when standard input does.
"""

import http.server
import os
import pathlib
import ssl
import sys
import threading

REFERENCE = b"0123456789012345678901234567890123456789\trefs/heads/main\n"


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        answer = b"ref: refs/heads/main\n" if self.path.endswith("/HEAD") else REFERENCE
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, certificate):
        super().__init__(("127.0.0.1", 0), Answer)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # What is weak is for the clients to say.
        self.tls.set_ciphers("DEFAULT:@SECLEVEL=0")
        self.tls.load_cert_chain(certificate, certificate.parent / "leaf.key")

    def finish_request(self, request, client_address):
        request.settimeout(10)
        with self.tls.wrap_socket(request, server_side=True) as connection:
            super().finish_request(connection, client_address)

    def handle_error(self, *_):
        pass


for certificate in sorted(pathlib.Path(sys.argv[1]).glob("*.leaf.pem")):
    server = Server(certificate)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(certificate.name.removesuffix(".leaf.pem"), server.server_port)
print(flush=True)
sys.stdin.read()
os._exit(0)
