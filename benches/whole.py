#!/usr/bin/env python3
"""Whole processes, timed side by side: certman against what a person would have typed instead.

Every figure is a ratio of CPU times (user + system, children included) taken in the same run, alternating, the best of
several rounds (for growth the median, for doctor the time that passes): absolute times are this machine's, ratios travel better. Peak memory is the kernel's own count.

    cargo build --release && python3 benches/whole.py [--only NAME] [--rounds N]

Needs Python with `cryptography` (tests/setup puts it into target/tools/python), openssl, rustc, sha256sum, find, xargs, awk. The
material is made once, below target/bench.
"""

import argparse
import contextlib
import datetime
import os
import pathlib
import resource
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import threading
import time

PROJECT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT / "target/tools/python"))
BENCH = PROJECT / "target/bench"
CERTMAN = PROJECT / "target/release/certman"
DEMO = BENCH / "demo/certman.toml"
MIB = 1 << 20

ROWS = []


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    if not CERTMAN.exists():
        sys.exit("benches/whole.py: run `cargo build --release` first")
    copy_demo()
    benchmarks = (env, everyone, launch, merge, merge_self_signed, merge_scaling, check, check_memory, derive,
                  import_store, inspect, doctor, explain)
    for benchmark in benchmarks:
        if arguments.only in benchmark.__name__:
            benchmark(arguments.rounds)
    width = max(len(row[0]) for row in ROWS)
    for name, figure, goal, holds in ROWS:
        print(f"{name:<{width}}  {figure:<34}  {goal:<18}  {'ok' if holds else 'MISSED'}")
    sys.exit(0 if all(row[3] for row in ROWS) else 1)


def env(rounds):
    """`certman env` with a fresh bundle and a passphrase from a file, against an empty program."""
    empty = empty_program()
    command = [CERTMAN, "--config", DEMO, "env", "--shell", "sh"]
    run(command)
    ours, theirs = compare([command] , [[empty]], rounds * 10, repeat=20)
    row("env, fresh: whole process / empty Rust program", ours, theirs, 2.0)


def everyone(rounds):
    """`certman env --for all` with bundle, full bundle and trust store fresh, against `certman env`."""
    command = [CERTMAN, "--config", DEMO, "env", "--shell", "sh"]
    everyone = [*command, "--for", "all"]
    run(everyone)
    ours, theirs = compare([everyone], [command], rounds * 10, repeat=20)
    row("env --for all / env, both fresh", ours, theirs, 1.3)


def launch(rounds):
    """`certman run --exec -- true` with a fresh bundle and an unencrypted key, against coreutils' `env -- true`."""
    folder = BENCH / "launch"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(DEMO.parent, folder)
    key, passphrase = folder / "client.key", folder / "passphrase.txt"
    run([CERTMAN, "key", "decrypt", "--key", key, "--passphrase", f"file:{passphrase}", "-o", folder / "plain.key"])
    (folder / "plain.key").replace(key)
    command = [CERTMAN, "--config", folder / "certman.toml", "run", "--exec", "--", "true"]
    run(command)
    ours, theirs = compare([command], [["env", "--", "true"]], rounds * 10, repeat=20)
    row("run --exec -- true, unencrypted key / env -- true", ours, theirs, 3.0)


def merge(rounds):
    """10,000 files of one certificate each, all issued by one root, against a text pipeline that drops equal blocks."""
    merge_of(rounds, "issued", 10_000, "merge 10,000 issued CAs / find|xargs cat|awk")


def merge_self_signed(rounds):
    """The same where every certificate is a root of its own, so that every signature has to be proven."""
    merge_of(rounds, "roots", 10_000, "merge 10,000 RSA roots / find|xargs cat|awk", goal=None)


def merge_of(rounds, kind, count, name, goal=0.8):
    folder = material(kind, count)
    out = BENCH / "out.pem"
    ours = [CERTMAN, "bundle", "--quiet", folder, "-o", out]
    awk = r"""/-----BEGIN CERT/ { block = "" } { block = block $0 "\n" } /-----END CERT/ && !seen[block]++ { printf "%s", block }"""
    theirs = ["sh", "-c", f"find '{folder}' -type f -print0 | xargs -0 cat | awk '{awk}' > '{BENCH}/awk.pem'"]
    mine, other = compare([ours], [theirs], rounds, before=lambda: out.unlink(missing_ok=True))
    row(name, mine, other, goal)


def merge_scaling(rounds):
    """Ten times the files, and the memory for them."""
    small, large = material("issued", 10_000), material("issued", 100_000)
    out = BENCH / "out.pem"
    command = lambda folder: [CERTMAN, "bundle", "--quiet", folder, "-o", out]
    fresh = lambda: out.unlink(missing_ok=True)
    less, more = compare([command(small)], [command(large)], max(4, rounds), before=fresh, typical=statistics.median)
    ROWS.append(("merge 100,000 / merge 10,000", f"{more / less:.2f}  ({more:.2f} s : {less:.2f} s CPU)", "<= 11", more <= 11 * less))
    fresh()
    peak = peak_memory(command(large))
    size = out.stat().st_size
    figure = f"output {size / MIB:.0f} MiB {(peak - size) / MIB:+.0f} MiB"
    ROWS.append(("peak memory, merge 100,000", figure, "<= output + 20 MiB", peak <= size + 20 * MIB))


def check(rounds):
    """1,000 files against a loop of `openssl x509 -checkend`."""
    folder = material("issued", 1_000)
    loop = f"for file in '{folder}'/*; do openssl x509 -checkend 2592000 -noout -in \"$file\" >/dev/null; done"
    ours, theirs = compare([[CERTMAN, "check", "--quiet", folder]], [["sh", "-c", loop]], max(2, rounds // 2))
    figure = f"{theirs / ours:.0f} times  ({ours * 1000:.1f} ms : {theirs:.2f} s CPU)"
    ROWS.append(("check 1,000 files, faster than openssl by", figure, ">= 150", theirs >= 150 * ours))


def check_memory(_rounds):
    """100,000 files."""
    peak = peak_memory([CERTMAN, "check", "--quiet", material("issued", 100_000)])
    ROWS.append(("peak memory, check 100,000 files", f"{peak / MIB:.1f} MiB", "<= 40 MiB", peak <= 40 * MIB))


def derive(rounds):
    """Opening a PBKDF2 key of 600,000 rounds."""
    key, passphrase = DEMO.parent / "client.key", DEMO.parent / "passphrase.txt"
    ours = [CERTMAN, "key", "decrypt", "--key", key, "--passphrase", f"file:{passphrase}", "-o", BENCH / "plain.pem"]
    theirs = ["openssl", "pkey", "-in", key, "-passin", f"file:{passphrase}", "-out", BENCH / "plain-openssl.pem"]
    mine, other = compare([ours], [theirs], rounds)
    row("open a key of 600,000 rounds / openssl pkey", mine, other, 0.5)


def import_store(rounds):
    """Importing a store of 600,000 rounds against the derivations in it alone, done by certman too: what proves the store and
    opens its certificates (`bundle` does no more), what opens the key, and what seals it anew and opens that to see (each as
    long as `key decrypt` of a key of 600,000 rounds takes). No two of them are the same derivation."""
    folder = BENCH / "import"
    store, passphrase = folder / "client.p12", DEMO.parent / "passphrase.txt"
    if not store.exists():
        folder.mkdir(parents=True, exist_ok=True)
        # Of one file named twice OpenSSL takes the first line, then the second.
        again = shutil.copy(passphrase, folder / "passphrase.txt")
        subprocess.run(["openssl", "pkcs12", "-export", "-iter", "600000", "-inkey", DEMO.parent / "client.key",
                        "-passin", f"file:{passphrase}", "-in", DEMO.parent / "client.pem",
                        "-passout", f"file:{again}", "-out", store], check=True)
    place = f"file:{passphrase}"
    ours = [CERTMAN, "import", store, "--store-passphrase", place, "--out-dir", folder / "out", "--quiet"]
    opened = [CERTMAN, "bundle", store, "--store-passphrase", place, "-o", folder / "ca.pem", "--quiet"]
    key = [CERTMAN, "key", "decrypt", "--key", DEMO.parent / "client.key", "--passphrase", place,
           "-o", folder / "plain.pem"]
    # The same identity again would not be sealed again.
    fresh = lambda: shutil.rmtree(folder / "out", ignore_errors=True)
    mine, alone = compare([ours], [opened, key, key, key], rounds, before=fresh)
    row("import a store of 600,000 rounds / derivations alone", mine, alone, 1.25)


def inspect(rounds):
    """Mozilla's bundle, as Debian has it, against a program that only reads and hashes it."""
    bundle = mozilla_bundle()
    ours = [CERTMAN, "inspect", bundle]
    theirs = ["sha256sum", bundle]
    mine, other = compare([ours], [theirs], rounds * 10, repeat=20)
    row("inspect Mozilla's bundle / sha256sum", mine, other, 2.0)
    mine, other = compare([[*ours, "--json"]], [theirs], rounds * 5, repeat=10)
    row("the same in JSON, self-signatures proven / sha256sum", mine, other, None)


def doctor(rounds):
    """Three hosts that answer after 200, 400 and 600 ms against the slowest of them alone, three that never answer against the
    time that each is given, and the memory for that. Here it is time that passes which counts, not CPU."""
    answering = [Server(delay) for delay in (0.2, 0.4, 0.6)]
    silent = [Server(None) for _ in range(3)]
    command = lambda servers, *flags: [CERTMAN, "doctor", "--direct", *flags, *(server.address for server in servers)]
    passed = {"all": [], "slowest": []}
    for _ in range(max(3, rounds // 2)):
        passed["all"].append(elapsed(command(answering)))
        passed["slowest"].append(elapsed(command(answering[-1:])))
    all_of_them, slowest = (min(passed[name]) for name in ("all", "slowest"))
    figure = f"{all_of_them / slowest:.2f}  ({all_of_them:.2f} s : {slowest:.2f} s)"
    ROWS.append(("doctor, three hosts / the slowest alone", figure, "<= 1.3", all_of_them <= 1.3 * slowest))
    limit = 2
    waited = elapsed(command(silent, "--timeout", limit))
    ROWS.append(("doctor, three silent hosts / the time for one", f"{waited / limit:.2f}  ({waited:.2f} s : {limit} s)",
                 "<= 1.2", waited <= 1.2 * limit))
    peak = peak_memory(command(answering))
    ROWS.append(("peak memory, doctor", f"{peak / MIB:.1f} MiB", "<= 30 MiB", peak <= 30 * MIB))


def explain(rounds):
    """An error code against the version."""
    ours = [CERTMAN, "explain", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"]
    mine, other = compare([ours], [[CERTMAN, "--version"]], rounds * 10, repeat=20)
    row("explain a code / --version", mine, other, 1.5)


class Server:
    """On loopback: begins to answer after so many seconds, or never."""

    def __init__(self, delay):
        self.delay = delay
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        pki = PROJECT / "testdata/pki"
        self.tls.load_cert_chain(pki / "server-chain.pem", pki / "keys/server.key")
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            threading.Thread(target=self.answer, args=[self.listener.accept()[0]], daemon=True).start()

    def answer(self, connection):
        time.sleep(60 if self.delay is None else self.delay)
        with contextlib.suppress(OSError), self.tls.wrap_socket(connection, server_side=True) as stream:
            stream.recv(65536)
            stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def elapsed(command):
    start = time.monotonic()
    run(command)
    return time.monotonic() - start


def row(name, ours, theirs, goal):
    figure = f"{ours / theirs:.2f}  ({ours * 1000:.2f} ms : {theirs * 1000:.2f} ms CPU)"
    ROWS.append((name, figure, f"<= {goal}" if goal else "no goal", goal is None or ours <= goal * theirs))


def compare(ours, theirs, rounds, before=lambda: None, repeat=1, typical=min):
    """The CPU seconds of each, taken alternately; the least, where nothing else is said."""
    taken = [[], []]
    for _ in range(rounds):
        for side, commands in enumerate((ours, theirs)):
            before()
            start = cpu_seconds()
            for _ in range(repeat):
                for command in commands:
                    run(command)
            taken[side].append((cpu_seconds() - start) / repeat)
    return [typical(times) for times in taken]


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(command):
    status = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, env=ENVIRONMENT).returncode
    # 1 is a warning or the answer of `-checkend`, 2 is critical: judgements all the same. Anything above is no measurement.
    if status > 2:
        sys.exit(f"benches/whole.py: {command[0]} ended with {status}")


def peak_memory(command):
    """The largest resident size in bytes, asked of a process of its own since the count never falls."""
    code = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, "
            "stderr=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    answer = subprocess.run([sys.executable, "-c", code, *map(str, command)], capture_output=True, text=True,
                            env=ENVIRONMENT, check=True)
    return int(answer.stdout) * 1024


def copy_demo():
    """The demo, with the modes its owner would give it: git keeps none, and certman would warn."""
    shutil.rmtree(DEMO.parent, ignore_errors=True)
    shutil.copytree(PROJECT / "testdata/demo", DEMO.parent)
    for name in ("client.key", "passphrase.txt"):
        (DEMO.parent / name).chmod(0o600)
    text = DEMO.read_text().replace("../../target/demo/", "")
    # What `--for all` makes besides the bundle stays with it.
    DEMO.write_text(text.replace("[bundle]\n", "[bundle]\nfull = \"full.pem\"\njava = \"java.p12\"\n"))


def empty_program():
    program = BENCH / "empty"
    if not program.exists():
        BENCH.mkdir(parents=True, exist_ok=True)
        source = BENCH / "empty.rs"
        source.write_text("fn main() {}\n")
        subprocess.run(["rustc", "-O", "-C", "strip=symbols", "-o", program, source], check=True)
    return program


def mozilla_bundle():
    """Mozilla's roots as Debian has them, without those that have expired: `inspect` would end with another status."""
    bundle = BENCH / "mozilla.pem"
    if not bundle.exists():
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import Encoding

        roots = x509.load_pem_x509_certificates(pathlib.Path("/etc/ssl/certs/ca-certificates.crt").read_bytes())
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=400)
        valid = [root for root in roots if root.not_valid_after_utc > now]
        BENCH.mkdir(parents=True, exist_ok=True)
        bundle.write_bytes(b"".join(root.public_bytes(Encoding.PEM) for root in valid))
    return bundle


def material(kind, count):
    """A folder of so many files with one PEM certificate each: `issued` are CAs of one root, `roots` are self-signed."""
    folder = BENCH / f"{kind}-{count}"
    if folder.exists():
        return folder
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.x509.oid import NameOID

    draft = BENCH / f"{kind}-{count}.draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    begin = datetime.datetime(2025, 1, 1)
    # One key serves all: what is measured does not depend on there being many. The names differ.
    root_key = ec.generate_private_key(ec.SECP256R1())
    key = rsa.generate_private_key(65537, 2048)
    name = lambda text: x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example Corp"),
                                   x509.NameAttribute(NameOID.COMMON_NAME, text)])
    root_name = name("Example Corp Root")

    def certificate(subject, issuer, public, signer):
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(begin)
        builder = builder.not_valid_after(datetime.datetime(2045, 1, 1))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        builder = builder.add_extension(identifier, critical=False)
        return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    for number in range(count):
        if kind == "roots":
            subject = name(f"Example Corp Root {number}")
            text = certificate(subject, subject, key.public_key(), key)
        elif number == 0:
            text = certificate(root_name, root_name, root_key.public_key(), root_key)
        else:
            text = certificate(name(f"Example Corp Issuing {number}"), root_name, key.public_key(), root_key)
        (draft / f"{number:06}.pem").write_bytes(text)
    draft.rename(folder)
    return folder


ENVIRONMENT = {"HOME": str(BENCH), "PATH": os.environ["PATH"], "LC_ALL": "C"}

if __name__ == "__main__":
    main()
