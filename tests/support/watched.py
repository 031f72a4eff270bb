"""A person at a terminal of so many columns: watched.py COLUMNS COMMAND [ARG...].

Starts the command there, answers every question that ends with "[y/N] " by yes, prints all that the terminal showed, byte for byte,
and ends with the status of the command.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

columns, *command = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    # Its own end of the terminal, before anything asks for the size.
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(columns), 0, 0))
    os.execvp(command[0], command)

answered = 0
seen = b""
until = time.monotonic() + 60
while time.monotonic() < until:
    if not select.select([terminal], [], [], 0.1)[0]:
        continue
    try:
        part = os.read(terminal, 65536)
    except OSError:
        # Linux says so where the other end is closed.
        break
    if not part:
        break
    seen += part
    if seen.count(b"[y/N] ") > answered:
        answered += 1
        # What is typed before the question is thrown away.
        time.sleep(0.3)
        os.write(terminal, b"y\n")
sys.stdout.buffer.write(seen)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
