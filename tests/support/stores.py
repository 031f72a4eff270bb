"""Makes PKCS#12 stores as other programs do, and says what others read in them.

    stores.py make FOLDER KEY LEAF CA     stores by `cryptography`, in every form it offers; prints their passphrases
    stores.py read FILE PASSPHRASE        what `cryptography` reads: fingerprints and names, then whether there is a key
    stores.py ber FILE OUT LEVELS         the same store in BER: indefinite lengths, strings in pieces of seven octets; on
                                          so many levels also what stands in the strings, which no code may prove then
"""

import hashlib
import json
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs12


def make(folder, key, leaf, authority):
    folder = pathlib.Path(folder)
    key = serialization.load_pem_private_key(pathlib.Path(key).read_bytes(), None)
    leaf = x509.load_pem_x509_certificate(pathlib.Path(leaf).read_bytes())
    authority = x509.load_pem_x509_certificate(pathlib.Path(authority).read_bytes())
    passphrases = {}
    for scheme in pkcs12.PBES:
        for hash in [hashes.SHA1(), hashes.SHA256()]:
            for passphrase in ["secret-4711", "pässwörd€", "🔑pässwörd"]:
                encryption = (serialization.PrivateFormat.PKCS12.encryption_builder().kdf_rounds(7)
                              .key_cert_algorithm(scheme).hmac_hash(hash)
                              .build(passphrase.encode()))
                file = f"{scheme.name}-{hash.name}-{len(passphrases)}.p12"
                (folder / file).write_bytes(pkcs12.serialize_key_and_certificates(
                    "älïce 🔑".encode(), key, leaf, [authority], encryption))
                passphrases[file] = passphrase
    (folder / "clear.p12").write_bytes(pkcs12.serialize_key_and_certificates(
        b"alice", key, leaf, [authority], serialization.NoEncryption()))
    passphrases["clear.p12"] = None
    (folder / "trusted.p12").write_bytes(pkcs12.serialize_java_truststore(
        [pkcs12.PKCS12Certificate(authority, b"corp"), pkcs12.PKCS12Certificate(leaf, None)],
        serialization.BestAvailableEncryption(b"secret-4711")))
    passphrases["trusted.p12"] = "secret-4711"
    print(json.dumps(passphrases))


def read(file, passphrase):
    store = pkcs12.load_pkcs12(pathlib.Path(file).read_bytes(), passphrase.encode() if passphrase else None)
    certificates = [store.cert] if store.cert else []
    certificates += store.additional_certs
    print(json.dumps({
        "certificates": [[hashlib.sha256(one.certificate.public_bytes(serialization.Encoding.DER)).hexdigest(),
                          one.friendly_name.decode() if one.friendly_name else None] for one in certificates],
        "has_key": store.key is not None,
    }))


def ber(element, levels):
    """One element of DER in BER, and what is behind it."""
    tag, content, rest = split(element)
    if tag & 0x20:
        inner = b""
        while content:
            one, content = ber(content, levels)
            inner += one
        return bytes([tag, 0x80]) + inner + b"\0\0", rest
    if tag in (0x04, 0x80):
        # A code of integrity is compared as it stands, and everyone writes salts whole.
        if tag == 0x04 and len(content) <= 64:
            return element[:len(element) - len(rest)], rest
        if levels and content[0] == 0x30:
            content = ber(content, levels - 1)[0]
        pieces = b"".join(bytes([0x04, len(piece)]) + piece
                          for piece in (content[at:at + 7] for at in range(0, len(content), 7)))
        return bytes([tag | 0x20, 0x80]) + pieces + b"\0\0", rest
    return element[:len(element) - len(rest)], rest


def split(element):
    tag, length, start = element[0], element[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(element[2:start], "big")
    return tag, element[start:start + length], element[start + length:]


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "ber":
        pathlib.Path(arguments[1]).write_bytes(ber(
            pathlib.Path(arguments[0]).read_bytes(), int(arguments[2]))[0])
    else:
        {"make": make, "read": read}[command](*arguments)
