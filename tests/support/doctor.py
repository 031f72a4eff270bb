"""Whatever can stand between a client and a host, on loopback, for the tests of `certman doctor`: doctor.py FOLDER OPENSSL CLIENT-CA.

Makes authorities and certificates of its own, puts those that a test needs into FOLDER, and prints a line for each server and each
proxy, its name and its port, then an empty line. Every name is 127.0.0.1 to the proxies. Ends when standard input does, and takes
FOLDER with it.
"""

import base64
import datetime
import http.server
import ipaddress
import os
import pathlib
import select
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

FOLDER, OPENSSL, CLIENT_CA = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
NAMES = ("localhost", "server.corp.example", "127.0.0.1")
REFERENCE = b"0123456789012345678901234567890123456789\trefs/heads/main\n"
# An alert of TLS (RFC 8446, section 6).
HANDSHAKE_FAILURE = bytes([21, 3, 3, 0, 2, 2, 40])
# What the proxies take.
USER = b"alice:proxy-password-of-the-doctor"


USES = "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign".split() + [
    "encipher_only",
    "decipher_only",
]


def days(count):
    return NOW + datetime.timedelta(days=count)


class Authority:
    """A key and a certificate, of an authority or of a server."""

    def __init__(self, organisation, name, by=None, *, ca=True, names=(), begin=-30, end=300, purpose=None, issuers_at=None, odd=None, uses=()):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = x509.Name(
            [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation), x509.NameAttribute(NameOID.COMMON_NAME, name)]
        )
        by = by or self
        made = (
            x509.CertificateBuilder()
            .subject_name(self.subject)
            .issuer_name(by.subject)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(days(begin))
            .not_valid_after(days(end))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()), critical=False)
        )
        if ca:
            may = dict.fromkeys(
                "content_commitment key_encipherment data_encipherment key_agreement encipher_only decipher_only".split(), False
            )
            usage = x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **may)
            made = made.add_extension(usage, critical=True)
        if names:
            general = [x509.IPAddress(ipaddress.ip_address(n)) if n[0].isdigit() else x509.DNSName(n) for n in names]
            made = made.add_extension(x509.SubjectAlternativeName(general), critical=False)
        if purpose:
            made = made.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        if issuers_at:
            place = x509.AccessDescription(
                AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(issuers_at)
            )
            made = made.add_extension(x509.AuthorityInformationAccess([place]), critical=False)
        if uses:
            made = made.add_extension(x509.KeyUsage(**{use: use in uses for use in USES}), critical=True)
        if odd:
            made = made.add_extension(odd, critical=True)
        self.certificate = made.sign(by.key, hashes.SHA256())

    def pem(self):
        return self.certificate.public_bytes(Encoding.PEM)

    def der(self):
        return self.certificate.public_bytes(Encoding.DER)

    def server(self, name="server", **more):
        """A server's certificate by this authority."""
        wanted = {"names": NAMES, "purpose": ExtendedKeyUsageOID.SERVER_AUTH, **more}
        return Authority("Corp", name, self, ca=False, **wanted)

    def saved(self, *behind):
        """Where a file lies with the chain and the key."""
        path = FOLDER / f"served-{self.certificate.serial_number:x}.pem"
        if not path.exists():
            key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            path.write_bytes(b"".join([key, self.pem(), *(one.pem() for one in behind)]))
        return path


def context(leaf, *behind, least=None, most=None):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(leaf.saved(*behind))
    tls.set_alpn_protocols(["http/1.1"])
    tls.minimum_version = least or tls.minimum_version
    tls.maximum_version = most or tls.maximum_version
    return tls


def head(connection):
    """The first lines that somebody says, up to the blank one."""
    said = b""
    while b"\r\n\r\n" not in said:
        more = connection.recv(4096)
        if not more:
            raise ConnectionError("nothing more is said")
        said += more
    return said


def page(status, body, *headers):
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body


def greet(connection):
    """As a git server of the simple kind does."""
    is_head = b"/HEAD " in head(connection).split(b"\r\n")[0]
    connection.sendall(page("200 OK", b"ref: refs/heads/main\n" if is_head else REFERENCE, "Content-Type: text/plain"))


def drip(connection):
    for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100:
        connection.sendall(bytes([byte]))
        time.sleep(0.4)


def endless(connection):
    head(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(64):
        connection.sendall(b"X-More: " + b"x" * 8000 + b"\r\n")
    # More is never said, and an end neither.
    time.sleep(20)


def reset(connection):
    connection.recv(4096)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def small_hellos_only(otherwise, serve):
    """Something on the way that stumbles over what the large key share makes of a ClientHello: two packets of Ethernet."""

    def judge(connection):
        (otherwise if len(connection.recv(4096, socket.MSG_PEEK)) > 1000 else serve)(connection)

    return judge


def once(first, then):
    """Something that goes wrong by chance."""
    lock = threading.Lock()

    def serve(connection):
        (first if lock.acquire(blocking=False) else then)(connection)

    return serve


def secured(tls, then=greet):
    def serve(connection):
        with tls.wrap_socket(connection, server_side=True) as inner:
            then(inner)

    return serve


def lead(connection, other):
    ends = {connection: other, other: connection}
    while True:
        for end in select.select(list(ends), [], [], 10)[0] or [None]:
            data = end and end.recv(65536)
            if not data:
                return
            ends[end].sendall(data)


def proxied(refuse=None, serve=None):
    """A proxy: `refuse` says what it answers to a request, none to lead on; `serve` is who answers in the place of the host."""

    def proxy(connection):
        said = head(connection)
        answer = refuse and refuse(said)
        if answer:
            connection.sendall(answer)
            return
        authority = said.split(b" ")[1].decode()
        if serve:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            serve(connection, authority.rpartition(":")[0])
            return
        with socket.create_connection(("127.0.0.1", int(authority.rpartition(":")[2]))) as other:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            lead(connection, other)

    return proxy


def wants(*schemes):
    """Asks for credentials, and knows no other user than one."""

    def refuse(said):
        lines = [line.partition(b":") for line in said.split(b"\r\n")]
        given = [value.strip() for name, _, value in lines if name.lower() == b"proxy-authorization"]
        if given == [b"Basic " + base64.b64encode(USER)] and 'Basic realm="corp"' in schemes:
            return None
        return page(
            "407 Proxy Authentication Required", b"who are you?", *(f"Proxy-Authenticate: {scheme}" for scheme in schemes)
        )

    return refuse


def echoes(said):
    """Shows whoever asks what was asked, as some do in the page of an error."""
    line = next(line for line in said.split(b"\r\n") if line.lower().startswith(b"proxy-authorization"))
    told = (line + b"; " + base64.b64decode(line.split()[-1])).decode()
    title = f"<title>{told}</title>".encode()
    return page("403 " + told, title, f"Server: {told}", f'Proxy-Authenticate: {line.split()[-1].decode()}, Basic realm="{told}"')


def always(answer):
    return lambda _said: answer


class Inspector:
    """Signs for whatever name is asked for."""

    def __init__(self, root, then=greet):
        self.root, self.known, self.lock, self.then = root, {}, threading.Lock(), then

    def __call__(self, connection, name):
        with self.lock:
            if name not in self.known:
                self.known[name] = context(self.root.server(name, names=(name,)), self.root)
        secured(self.known[name], self.then)(connection)


def listen(serve, is_listening=True):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    if not is_listening:
        # Whoever connects is refused, and nobody else gets the port.
        KEPT.append(listener)
        return listener.getsockname()[1]
    listener.listen(64)

    def answer(connection):
        with connection:
            try:
                connection.settimeout(20)
                serve(connection)
            except OSError:
                pass

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def openssl_server(*words):
    """OpenSSL's own, with the leaf and its issuer."""
    port = listen(None, is_listening=False)
    KEPT.pop().close()
    path = leaf.saved(issuing)
    command = [OPENSSL, "s_server", "-accept", f"127.0.0.1:{port}", "-cert", path, "-key", path]
    command += ["-cert_chain", FOLDER / "issuing.pem"]
    PROCESSES.append(subprocess.Popen([*command, "-www", "-quiet", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    return port


def wait_for(port):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with socket.socket() as connection:
            if not connection.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.02)
    sys.exit(f"nobody listens on {port}")


KEPT, PROCESSES = [], []

root = Authority("Corp", "Corp Root CA")
issuing = Authority("Corp", "Corp Issuing CA", root)
stranger = Authority("Elsewhere", "Elsewhere Root CA")
# The name of the issuer, and not its key.
namesake = Authority("Corp", "Corp Issuing CA", stranger)
ended = Authority("Corp", "Corp Ended CA", begin=-300, end=-2)
stale = Authority("Corp", "Corp Old Issuing CA", root, begin=-300, end=-2)
inspector = Authority("Zscaler Inc.", "Zscaler Root CA")
itself = Authority("Corp", "itself", ca=False, names=NAMES, purpose=ExtendedKeyUsageOID.SERVER_AUTH)


class Issuers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.wfile.write(page("200 OK", issuing.der()) if self.path == "/issuing.cer" else page("404 Not Found", b""))

    def log_message(self, *_):
        pass


issuers = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuers)
threading.Thread(target=issuers.serve_forever, daemon=True).start()
issuers_at = f"http://127.0.0.1:{issuers.server_port}/issuing.cer"

for name, authority in [("root", root), ("ended", ended), ("issuing", issuing), ("itself", itself), ("inspector", inspector), ("stranger", stranger)]:
    (FOLDER / f"{name}.pem").write_bytes(authority.pem())

leaf = issuing.server()
complete = context(leaf, issuing)
only_1_2 = {"most": ssl.TLSVersion.TLSv1_2}
only_1_3 = {"least": ssl.TLSVersion.TLSv1_3}


def careful(version, authorities):
    """Takes nobody without a certificate, and does not say of whom."""
    tls = context(leaf, issuing, **version)
    tls.load_verify_locations(authorities)
    tls.verify_mode = ssl.CERT_REQUIRED
    return secured(tls)


def says(answer):
    return lambda inner: (head(inner), inner.sendall(answer))


def forgiving():
    """As nginx does: the handshake goes well without a certificate, and the answer says that one is missing."""
    tls = context(leaf, issuing)
    tls.load_verify_locations(CLIENT_CA)
    tls.verify_mode = ssl.CERT_OPTIONAL
    missing = b"<html><head><title>400 No required SSL certificate was sent</title></head></html>"
    return secured(tls, says(page("400 Bad Request", missing, "Server: nginx")))


def chain(*certificates):
    return secured(context(*certificates))


policy = x509.PolicyInformation(x509.ObjectIdentifier("1.2.3.4"), None)
denied = page("403 Forbidden", b"<html><head><title>Blocked: AI tools</title></head></html>", "Server: BlueCoat", "Content-Type: text/html")
basic, negotiate, ntlm = 'Basic realm="corp"', "Negotiate", "NTLM"
PORTS = {
    # Servers whose certificates differ.
    "chain-and-root": listen(chain(leaf, issuing, root)),
    "complete": listen(secured(complete)),
    "ended": listen(chain(ended.server())),
    "expired": listen(chain(issuing.server(begin=-40, end=-2), issuing)),
    "itself": listen(chain(itself)),
    "issuing-expired": listen(chain(stale.server(), stale)),
    "issuing-of-another-key": listen(chain(leaf, namesake)),
    "no-name": listen(chain(issuing.server("localhost", names=()), issuing)),
    "for-anything": listen(chain(issuing.server(purpose=ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE), issuing)),
    "for-encryption": listen(chain(issuing.server(uses=["key_encipherment"]), issuing)),
    "for-signing-others": listen(chain(issuing.server(uses=["key_cert_sign"]), issuing)),
    "not-for-servers": listen(chain(issuing.server(purpose=ExtendedKeyUsageOID.CLIENT_AUTH), issuing)),
    "not-yet-valid": listen(chain(issuing.server(begin=2), issuing)),
    "odd-extension": listen(chain(issuing.server(odd=x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\5\0")), issuing)),
    "odd-policies": listen(chain(issuing.server(odd=x509.CertificatePolicies([policy])), issuing)),
    "only-leaf": listen(chain(issuing.server())),
    "only-leaf-with-address": listen(chain(issuing.server(issuers_at=issuers_at))),
    "stranger": listen(chain(stranger.server(), stranger)),
    "tls-1.2": listen(secured(context(leaf, issuing, **only_1_2))),
    "unordered": listen(chain(leaf, root, issuing)),
    "wildcard": listen(chain(issuing.server(names=("*.corp.example",)), issuing)),
    "wrong-issuer": listen(chain(namesake.server(), namesake)),
    "wrong-name": listen(chain(issuing.server(names=("other.corp.example",)), issuing)),
    # Servers that do something else.
    "broken": listen(secured(complete, lambda inner: (head(inner), inner.sendall(b"not HTTP\r\n\r\n")))),
    "closed": listen(lambda connection: connection.recv(4096)),
    "error": listen(secured(complete, lambda inner: (head(inner), inner.sendall(page("503 Busy", b"<title>busy</title>"))))),
    "plain": listen(lambda connection: connection.recv(4096) and connection.sendall(page("400 Bad Request", b""))),
    "refused": listen(None, is_listening=False),
    "refused-too": listen(None, is_listening=False),
    "reset": listen(reset),
    "reset-once": listen(once(reset, secured(complete))),
    "silent-after-tls": listen(secured(complete, lambda inner: head(inner) and inner.close())),
    "small-hellos-cut": listen(small_hellos_only(reset, secured(complete))),
    "small-hellos-answered": listen(small_hellos_only(lambda connection: connection.sendall(HANDSHAKE_FAILURE), secured(complete))),
    "small-hellos-lost": listen(small_hellos_only(lambda _: time.sleep(20), secured(complete))),
    "ssh": listen(lambda connection: (connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n"), connection.recv(4096))),
    "old-ciphers": openssl_server("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"),
    "tls-1.1": openssl_server("-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"),
    "torn-hello": listen(lambda connection: connection.recv(4096) and connection.sendall(bytes([22, 3, 3, 0, 100, 2]))),
    # Servers that take their time.
    "drip": listen(drip),
    "drip-in-tls": listen(secured(complete, drip)),
    "endless": listen(secured(complete, endless)),
    "silent": listen(lambda _connection: time.sleep(20)),
    "silent-too": listen(lambda _connection: time.sleep(20)),
    **{name: listen(lambda connection: (time.sleep(2), secured(complete)(connection))) for name in ("slow", "slow-as-well", "slow-too")},
    # Servers that want a client certificate; OpenSSL's say of whom.
    "forgiving": listen(forgiving()),
    "careful-1.2": listen(careful(only_1_2, CLIENT_CA)),
    "careful-1.3": listen(careful(only_1_3, CLIENT_CA)),
    "elsewhere-1.2": listen(careful(only_1_2, FOLDER / "stranger.pem")),
    "elsewhere-1.3": listen(careful(only_1_3, FOLDER / "stranger.pem")),
    **{
        f"{name}-{version}": openssl_server(
            f"-tls{version.replace('.', '_')}", "-Verify", "3", "-verify_return_error", "-CAfile", authorities
        )
        for version in ("1.2", "1.3")
        for name, authorities in [("named", CLIENT_CA), ("named-elsewhere", FOLDER / "stranger.pem")]
    },
    # Proxies.
    "proxy": listen(proxied()),
    "proxy-basic": listen(proxied(wants(negotiate, basic))),
    "proxy-closed": listen(head),
    "proxy-cuts": listen(proxied(serve=lambda connection, _: reset(connection))),
    "proxy-denies": listen(proxied(always(denied))),
    "proxy-drip": listen(drip),
    "proxy-echoes": listen(proxied(echoes)),
    "proxy-inspects": listen(proxied(serve=Inspector(inspector))),
    "proxy-inspects-and-denies": listen(proxied(serve=Inspector(inspector, says(denied)))),
    "proxy-negotiate": listen(proxied(wants(negotiate))),
    "proxy-ntlm": listen(proxied(wants(ntlm, negotiate))),
    "proxy-over-tls": listen(secured(complete, proxied(wants(basic)))),
    "proxy-over-tls-stranger": listen(secured(context(stranger.server(), stranger), proxied())),
    "proxy-refused": listen(None, is_listening=False),
    "proxy-ssh": listen(lambda connection: (connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n"), connection.recv(4096))),
    "issuers": issuers.server_port,
}
for name, port in PORTS.items():
    if name.startswith("named") or name in ("old-ciphers", "tls-1.1"):
        wait_for(port)
for name, port in PORTS.items():
    print(name, port)
print(flush=True)
sys.stdin.read()
for process in PROCESSES:
    process.kill()
shutil.rmtree(FOLDER, ignore_errors=True)
os._exit(0)
