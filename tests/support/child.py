"""What `certman run` starts in the tests: child.py WHAT [ARG...].

arguments   prints each argument in hexadecimal digits, a line each
environment prints each variable as it is in the environment, in hexadecimal digits
dumpable    prints whether the kernel lets others of the same user look into this process (prctl 3)
signals LOG writes "ready" into LOG, then the name of each signal that arrives, until LOG.end is there
"""

import ctypes
import os
import signal
import sys
import time

what, rest = sys.argv[1], sys.argv[2:]
if what == "arguments":
    for argument in rest:
        print(os.fsencode(argument).hex())
elif what == "environment":
    for entry in open("/proc/self/environ", "rb").read().split(b"\0")[:-1]:
        print(entry.hex())
elif what == "dumpable":
    print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
elif what == "signals":
    # A signal may arrive while another is written down: a buffered file would not let both in, and raise.
    log = os.open(rest[0], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for name in ["ALRM", "CONT", "HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "WINCH"]:
        number = getattr(signal, "SIG" + name)
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda _number, _frame, name=name: os.write(log, f"{name}\n".encode()))
    os.write(log, b"ready\n")
    until = time.monotonic() + 60
    while not os.path.exists(rest[0] + ".end") and time.monotonic() < until:
        time.sleep(0.02)
