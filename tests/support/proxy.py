"""A proxy on loopback that asks for Basic authentication: proxy.py [loopback].

Prints its port, then for every request that has credentials a line: method, target, and the credentials as hexadecimal
digits. Requests for http:// it answers itself, in a tunnel too; with `loopback`, every name that a tunnel is to lead to is
127.0.0.1 to it, and the port is that which was asked for.
Ends when standard input does.
"""

import base64
import http.server
import os
import select
import socket
import sys
import threading


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    is_tunnel = False

    def do_CONNECT(self):
        if not self.noted():
            return
        if len(sys.argv) < 2:
            self.send_response(200)
            self.end_headers()
            self.is_tunnel = True
            # Node says `Connection: close` about what comes before the tunnel.
            self.close_connection = False
            return
        with socket.create_connection(("127.0.0.1", int(self.path.rpartition(":")[2]))) as target:
            self.send_response(200)
            self.end_headers()
            ends = {self.connection: target, target: self.connection}
            while True:
                for end in select.select(list(ends), [], [], 10)[0] or [None]:
                    data = end and end.recv(65536)
                    if not data:
                        self.close_connection = True
                        return
                    ends[end].sendall(data)

    def do_GET(self):
        if self.is_tunnel or self.noted():
            self.answer(200, b"through the proxy\n")

    def noted(self):
        scheme, _, credentials = self.headers.get("Proxy-Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            self.answer(407, b"who are you?\n", ("Proxy-Authenticate", 'Basic realm="proxy"'))
            return False
        print(self.command, self.path, base64.b64decode(credentials).hex(), flush=True)
        return True

    def answer(self, status, body, *headers):
        self.send_response(status)
        for header in headers:
            self.send_header(*header)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Proxy)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()
os._exit(0)
