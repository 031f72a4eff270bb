"""Certificates of servers with something wrong: odd_certificates.py FOLDER.

Writes root.pem, leaf.key, and for each mistake NAME.leaf.pem, as servers.py wants them. All but `elsewhere` are for localhost.
"""

import datetime
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

FOLDER = pathlib.Path(sys.argv[1])
NOW = datetime.datetime.utcnow()
DAY = datetime.timedelta(days=1)


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(subject, key, issuer, issuer_key, first, last, is_ca, host="localhost"):
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + first * DAY)
        .not_valid_after(NOW + last * DAY)
        .add_extension(x509.BasicConstraints(is_ca, None), True)
    )
    if not is_ca:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), False)
    made = builder.sign(issuer_key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
root = certificate("Odd Root", root_key, "Odd Root", root_key, -400, 400, True)


def leaf(first=-10, last=10, host="localhost"):
    return certificate("odd", key, "Odd Root", root_key, first, last, False, host)


(FOLDER / "root.pem").write_bytes(root)
(FOLDER / "leaf.key").write_bytes(
    key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
)
for mistake, text in {
    "alone": leaf(),
    "elsewhere": leaf(host="elsewhere.example"),
    "expired": leaf(-300, -10),
    "future": leaf(10, 300),
    "self-signed": certificate("odd", key, "odd", key, -10, 10, False),
    "with-root": leaf() + root,
}.items():
    (FOLDER / f"{mistake}.leaf.pem").write_bytes(text)
