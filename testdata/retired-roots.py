"""Makes src/pki/retired-roots.txt again: the roots that public stores once shipped and Mozilla does not any more.

    retired-roots.py DATE KNOWN.rs STORE…

DATE is the day of the sources, KNOWN.rs the source of the crate webpki-root-certs (Mozilla's set of today), and a STORE is a
wheel or an archive of PyPI's certifi, a folder of certificates, or a file in PEM. Nothing that an administrator may have
added to belongs among them: take what packages ship, never what a machine has made of it.

The list that is there was made from
- certifi 0.0.8, 1.0.1, 14.5.14, and one or two of each year from 2015 to 2025 (`pip download --no-deps certifi==VERSION`);
- /usr/share/ca-certificates/mozilla of Debian 12 (ca-certificates 20230311+deb12u1);
- `node -p 'tls.rootCertificates.join("\\n")'` of Node 20.20 and 24.21, and the same of Bun 1.4.5.
"""

import ast
import hashlib
import pathlib
import re
import sys
import tarfile
import zipfile

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.S)
TARGET = pathlib.Path(__file__).parent.parent / "src/pki/retired-roots.txt"
HEADER = """\
# Roots that public stores once shipped and Mozilla's set does not hold any more, as of {date}: {count} keys.
# Made by testdata/retired-roots.py, which names the stores. Each line: SHA-256 of the SubjectPublicKeyInfo, and a name
# that is for people alone. Sorted.
"""


def main(date, known, stores):
    present = {key_of(x509.load_der_x509_certificate(der)) for der in crate(pathlib.Path(known))}
    assert len(present) > 100, "the crate is read as it is written"
    retired = {}
    for store in stores:
        for pem in blocks(pathlib.Path(store)):
            try:
                certificate = x509.load_pem_x509_certificate(pem)
                key, name = key_of(certificate), name_of(certificate)
            except ValueError as error:
                print(f"{store}: {error}", file=sys.stderr)
                continue
            if key not in present:
                retired.setdefault(key, name)
    lines = [f"{key} {name}\n" for key, name in sorted(retired.items())]
    TARGET.write_text(HEADER.format(date=date, count=len(lines)) + "".join(lines), "ascii")


def crate(path):
    """The certificates in the source text of webpki-root-certs."""
    literals = re.findall(r"from_slice\((b\"(?:[^\"\\]|\\.)*\")\)", path.read_text())
    return [ast.literal_eval(literal) for literal in literals]


def blocks(store):
    for content in files(store):
        yield from BLOCK.findall(content)


def files(store):
    if store.is_dir():
        return [path.read_bytes() for path in sorted(store.iterdir())]
    if store.suffix == ".whl":
        with zipfile.ZipFile(store) as wheel:
            return [wheel.read(name) for name in wheel.namelist() if name.endswith(".pem")]
    if store.name.endswith(".tar.gz"):
        with tarfile.open(store) as archive:
            members = [member for member in archive if member.name.endswith(".pem")]
            return [archive.extractfile(member).read() for member in members]
    return [store.read_bytes()]


def key_of(certificate):
    der = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def name_of(certificate):
    for wanted in [NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.ORGANIZATION_NAME]:
        for attribute in certificate.subject.get_attributes_for_oid(wanted):
            return re.sub(r"[^ -~]", "?", str(attribute.value))
    return "(no name)"


main(sys.argv[1], sys.argv[2], sys.argv[3:])
