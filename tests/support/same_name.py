"""A root and an intermediate whose names are the same by RFC 5280, section 7.1, and not the same bytes: same_name.py FOLDER."""

import datetime
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID


def name(text, kind):
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example Corp", kind), x509.NameAttribute(NameOID.COMMON_NAME, text, kind)])


def write(file, subject, issuer, key):
    start, end = datetime.datetime(2025, 1, 1), datetime.datetime(2045, 1, 1)
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number(), start, end)
    builder = builder.add_extension(x509.BasicConstraints(True, None), True)
    with open(os.path.join(sys.argv[1], file), "wb") as out:
        out.write(builder.sign(root_key, hashes.SHA256()).public_bytes(Encoding.PEM))


root_key, intermediate_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
write("root.pem", name("Example Corp Root", _ASN1Type.PrintableString), name("Example Corp Root", _ASN1Type.UTF8String), root_key)
write("intermediate.pem", name("Example Corp Issuing", _ASN1Type.UTF8String), name("example corp  ROOT", _ASN1Type.UTF8String), intermediate_key)
