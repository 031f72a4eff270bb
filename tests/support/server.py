"""A TLS server that takes nobody without a client certificate: server.py CHAIN KEY CLIENT-CA.

Prints two ports, that of TLS 1.2 and that of TLS 1.3, and says hello to each client by the common name that its certificate has.
Ends when standard input does.
"""

import http.server
import os
import ssl
import sys
import threading


class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        subject = dict(part[0] for part in self.connection.getpeercert()["subject"])
        answer = f"hello {subject['commonName']} over {self.connection.version()}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, version):
        super().__init__(("127.0.0.1", 0), Hello)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.minimum_version = self.tls.maximum_version = version
        self.tls.load_cert_chain(sys.argv[1], sys.argv[2])
        self.tls.load_verify_locations(sys.argv[3])
        self.tls.verify_mode = ssl.CERT_REQUIRED

    def finish_request(self, request, client_address):
        # Here, in the thread of the connection, so that a slow handshake keeps nobody waiting.
        request.settimeout(10)
        with self.tls.wrap_socket(request, server_side=True) as connection:
            super().finish_request(connection, client_address)

    def handle_error(self, *_):
        pass


servers = [Server(version) for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)]
for server in servers:
    threading.Thread(target=server.serve_forever, daemon=True).start()
print(*(server.server_port for server in servers), flush=True)
sys.stdin.read()
os._exit(0)
