"""A person at a terminal: job_control.py CERTMAN-COMMAND-LINE LOG [STARTER...].

Types into an interactive bash on a pseudo-terminal, which the starter starts where there is one: starts the command line, which is to run `child.py signals LOG`, stops it
by Ctrl-Z, continues it, has the child stop itself, continues it, presses Ctrl-C, lets it end, and prints what happened, a line
each. Waits for what must come, and ends with status 1 where it does not.
"""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

line, log, *starter = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    # What ignores signals may have started this: nohup, or a shell in the background.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    os.environ["PS1"] = "@PROMPT@"
    command = [*starter, "bash", "--norc", "--noprofile", "-i"]
    os.execvp(command[0], command)

seen = b""


def wait_for(pattern, what):
    global seen
    until = time.monotonic() + 20
    while not re.search(pattern, seen):
        if time.monotonic() > until:
            print("never came:", what, repr(seen))
            os.kill(pid, signal.SIGKILL)
            sys.exit(1)
        if select.select([terminal], [], [], 0.1)[0]:
            seen += os.read(terminal, 65536)
    seen = seen[re.search(pattern, seen).end():]
    print(what, flush=True)


def logged(word, count):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        words = open(log).read().split() if os.path.exists(log) else []
        if words.count(word) >= count:
            return
        time.sleep(0.05)
    print("not logged:", word, count)
    os.kill(pid, signal.SIGKILL)
    sys.exit(1)


def type_in(text):
    os.write(terminal, text)


def child():
    return int(subprocess.run(["pgrep", "-n", "-f", "child.py signals " + log], stdout=subprocess.PIPE, check=True).stdout)


def state(number):
    return open(f"/proc/{number}/stat").read().rsplit(")", 1)[1].split()[0]


wait_for(rb"@PROMPT@", "prompt")
type_in(line.encode() + b"\n")
logged("ready", 1)
number = child()
type_in(b"\x1a")
wait_for(rb"Stopped", "stopped by Ctrl-Z")
wait_for(rb"@PROMPT@", "prompt")
# The shell waits for certman alone, and on a busy machine the child may be stopped a moment later.
until = time.monotonic() + 10
while state(number) != "T" and time.monotonic() < until:
    time.sleep(0.02)
print("the child is", state(number))
type_in(b"fg\n")
logged("CONT", 1)
time.sleep(0.3)
print("after fg the child is", "stopped" if state(number) == "T" else "going on")
os.kill(number, signal.SIGSTOP)
wait_for(rb"Stopped", "stopped by itself")
wait_for(rb"@PROMPT@", "prompt")
type_in(b"fg\n")
logged("CONT", 2)
time.sleep(0.3)
print("after fg the child is", "stopped" if state(number) == "T" else "going on")
type_in(b"\x03")
logged("INT", 1)
time.sleep(0.5)
print("Ctrl-C arrived", open(log).read().split().count("INT"), "time")
open(log + ".end", "w").close()
wait_for(rb"@PROMPT@", "prompt")
type_in(b"echo status=$?\n")
wait_for(rb"[\r\n]status=0", "status 0")
type_in(b"exit\n")
os.waitpid(pid, 0)
