"""Certificates with names, dates and extensions by the dice: random_certificates.py FOLDER COUNT SEED.

Writes FOLDER/NUMBER.der. The same seed gives the same names, dates and extensions; the keys are new each time.
"""

import datetime
import ipaddress
import os
import random
import sys
import warnings

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

warnings.simplefilter("ignore")
folder, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
dice = random.Random(seed)

KEYS = [
    *(rsa.generate_private_key(65537, size) for size in (1024, 2048, 3072)),
    *(ec.generate_private_key(curve()) for curve in (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1, ec.SECP256K1, ec.BrainpoolP256R1)),
    dsa.generate_private_key(1024),
    ed25519.Ed25519PrivateKey.generate(),
    ed448.Ed448PrivateKey.generate(),
]
DIGESTS = [hashes.SHA224, hashes.SHA256, hashes.SHA384, hashes.SHA512]
LETTERS = "abcXYZ019 .-_,+\"\\<>;#='/*äßÆ漢字\u00a0\u2028\u202e\u200b\U0001f511\t\n\r\x00\x1b\x7f\u0085"
TYPES = [
    NameOID.COMMON_NAME,
    NameOID.ORGANIZATION_NAME,
    NameOID.ORGANIZATIONAL_UNIT_NAME,
    NameOID.LOCALITY_NAME,
    NameOID.STATE_OR_PROVINCE_NAME,
    NameOID.SERIAL_NUMBER,
    NameOID.TITLE,
    NameOID.SURNAME,
    NameOID.GIVEN_NAME,
    NameOID.USER_ID,
    NameOID.POSTAL_CODE,
    NameOID.BUSINESS_CATEGORY,
    NameOID.ORGANIZATION_IDENTIFIER,
    NameOID.PSEUDONYM,
    ObjectIdentifier("1.3.6.1.4.1.99999.1.127.128.16384"),
]


def text(longest=20):
    return "".join(dice.choice(LETTERS) for _ in range(dice.randint(1, longest)))


def ascii_text():
    return "".join(dice.choice("abcdefgxyz0189-") for _ in range(dice.randint(1, 12)))


def attribute():
    if dice.random() < 0.15:
        return x509.NameAttribute(NameOID.COUNTRY_NAME, dice.choice(["DE", "US", "JP"]))
    if dice.random() < 0.15:
        return x509.NameAttribute(NameOID.DOMAIN_COMPONENT, ascii_text(), _ASN1Type.IA5String)
    if dice.random() < 0.15:
        return x509.NameAttribute(NameOID.EMAIL_ADDRESS, f"{ascii_text()}@corp.example", _ASN1Type.IA5String)
    kind = dice.choice([_ASN1Type.UTF8String] * 3 + [_ASN1Type.BMPString, _ASN1Type.UniversalString, _ASN1Type.PrintableString])
    if kind == _ASN1Type.PrintableString:
        return x509.NameAttribute(dice.choice(TYPES), ascii_text(), kind)
    value = text()
    if kind == _ASN1Type.BMPString:
        value = "".join(letter for letter in value if ord(letter) < 0x10000) or "x"
    return x509.NameAttribute(dice.choice(TYPES), value, kind)


def name():
    parts = []
    for _ in range(dice.randint(1, 5)):
        one = [attribute()]
        if dice.random() < 0.2:
            other = attribute()
            if other.oid != one[0].oid:
                one.append(other)
        parts.append(x509.RelativeDistinguishedName(one))
    return x509.Name(parts)


def general_name():
    return dice.choice(
        [
            lambda: x509.DNSName(f"{ascii_text()}.corp.example"),
            lambda: x509.DNSName(f"*.{ascii_text()}"),
            lambda: x509.RFC822Name(f"{ascii_text()}@corp.example"),
            lambda: x509.UniformResourceIdentifier(f"https://{ascii_text()}/%20?a=b&c"),
            lambda: x509.IPAddress(ipaddress.IPv4Address(dice.getrandbits(32))),
            lambda: x509.IPAddress(ipaddress.IPv6Address(dice.getrandbits(128) >> dice.choice([0, 64, 96]))),
            lambda: x509.RegisteredID(ObjectIdentifier("1.2.840.113556.1.4.656")),
            lambda: x509.OtherName(ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), b"\x0c\x05alice"),
            lambda: x509.DirectoryName(name()),
        ]
    )()


def key_usage():
    bits = [dice.random() < 0.5 for _ in range(9)]
    bits[7], bits[8] = bits[7] and bits[4], bits[8] and bits[4]
    return x509.KeyUsage(*bits)


def extensions(public_key, issuer_key):
    found = [
        lambda: x509.BasicConstraints(False, None),
        lambda: x509.BasicConstraints(True, dice.choice([None, 0, 1, 127, 128, 70000])),
        key_usage,
        lambda: x509.ExtendedKeyUsage(
            dice.sample([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.OCSP_SIGNING, ObjectIdentifier("1.2.3.4")], dice.randint(1, 4))
        ),
        lambda: x509.SubjectAlternativeName([general_name() for _ in range(dice.randint(1, 5))]),
        lambda: x509.IssuerAlternativeName([general_name()]),
        lambda: x509.SubjectKeyIdentifier.from_public_key(public_key),
        lambda: x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key),
        lambda: x509.AuthorityKeyIdentifier(None, [x509.DirectoryName(name())], dice.getrandbits(64)),
        lambda: x509.CertificatePolicies([x509.PolicyInformation(ObjectIdentifier("2.5.29.32.0"), [ascii_text(), x509.UserNotice(None, text())])]),
        lambda: x509.CRLDistributionPoints([x509.DistributionPoint([general_name()], None, frozenset([x509.ReasonFlags.key_compromise]), None)]),
        lambda: x509.AuthorityInformationAccess([x509.AccessDescription(ObjectIdentifier("1.3.6.1.5.5.7.48.1"), general_name())]),
        lambda: x509.NameConstraints([x509.DNSName(".corp.example")], [x509.IPAddress(ipaddress.IPv4Network("10.0.0.0/8"))]),
        lambda: x509.TLSFeature([x509.TLSFeatureType.status_request]),
        lambda: x509.InhibitAnyPolicy(dice.choice([0, 128, 255, 256])),
        lambda: x509.PolicyConstraints(0, dice.choice([None, 3])),
        lambda: x509.OCSPNoCheck(),
        lambda: x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.99999.2"), dice.randbytes(dice.randint(0, 300))),
        lambda: x509.UnrecognizedExtension(ObjectIdentifier("2.16.840.1.113730.1.13"), b"\x16\x07comment"),
    ]
    chosen = {}
    for make in dice.sample(found, dice.randint(0, len(found))):
        extension = make()
        chosen.setdefault(extension.oid, extension)
    return list(chosen.values())


def date():
    year = dice.choice([1950, 1999, 2000, 2024, 2025, 2027, 2049, 2050, 2051, 2100, 9999])
    return datetime.datetime(year, dice.randint(1, 12), dice.randint(1, 28), dice.randint(0, 23), dice.randint(0, 59), dice.randint(0, 59))


for number in range(count):
    key = dice.choice(KEYS)
    subject = name()
    # Issued by itself, by itself under a name that another has too, or by another.
    way = dice.random()
    issuer_key = key if way < 0.4 else dice.choice(KEYS)
    issuer = subject if way < 0.6 else name()
    # The dates of RFC 5280 alone have no room for a year below 1950.
    start, end = sorted([date(), date()])
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), dice.getrandbits(dice.choice([8, 63, 64, 127, 159])) + 1, start, end)
    for extension in extensions(key.public_key(), issuer_key.public_key()):
        builder = builder.add_extension(extension, dice.random() < 0.3)
    digest = None if isinstance(issuer_key, (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)) else dice.choice(DIGESTS)()
    pss = None
    if isinstance(issuer_key, rsa.RSAPrivateKey) and issuer_key.key_size > 1024 and dice.random() < 0.4:
        pss = padding.PSS(padding.MGF1(digest), dice.choice([digest.digest_size, 20]))
    certificate = builder.sign(issuer_key, digest, rsa_padding=pss)
    with open(os.path.join(folder, f"{number:04}.der"), "wb") as file:
        file.write(certificate.public_bytes(Encoding.DER))
