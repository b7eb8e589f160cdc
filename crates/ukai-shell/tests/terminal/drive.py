#!/usr/bin/env python3
"""Types scripts of keys into real shells on pseudo-terminals, all at once.

drive.py SHELL TERM HOME: scripts on standard input, a line each; what each shell sent is
printed in hexadecimal, a line each. A key is sent when all shells are quiet.
"""

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

QUIET_S = 0.15
STEP_S_MAX = 5
NAMES = {
    "UP": b"\x1b[A", "DOWN": b"\x1b[B", "RIGHT": b"\x1b[C", "LEFT": b"\x1b[D",
    "HOME": b"\x1b[H", "END": b"\x1b[F", "DEL": b"\x1b[3~", "CLEFT": b"\x1b[1;5D",
    "CRIGHT": b"\x1b[1;5C", "BS": b"\x7f", "TAB": b"\t", "RET": b"\r", "ESC": b"\x1b",
}


def key_bytes(key):
    if key in NAMES:
        return NAMES[key]
    if key.startswith("M-"):
        return b"\x1b" + key[2:].encode()
    if re.fullmatch(r"\^[@-_]", key):
        return bytes([ord(key[1]) & 0x1F])
    text = key.replace("_", " ").encode()
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m[1], 16)]), text)


def start(shell, term, home):
    pid, fd = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        os.chdir(home)
        env = {
            "PATH": "/usr/bin:/bin", "HOME": home, "H": home, "TERM": term, "LC_ALL": "C.UTF-8",
            "USER": "root", "LOGNAME": "root", "SHELL": "/bin/sh",
            "PS1": "bash# " if shell == "bash" else "# ",
        }
        if shell == "bash":
            os.execvpe("bash", ["-bash", "--noprofile", "--norc"], env)
        os.execvpe("busybox", ["busybox", "ash", "-i"], env)
    return pid, fd


def main():
    shell, term, home = sys.argv[1:]
    scripts = [line.rstrip("\n").split(" ") for line in sys.stdin]
    sessions = [start(shell, term, home) for _ in scripts]
    sent = {fd: b"" for _, fd in sessions}
    open_fds = set(sent)

    def drain():
        end = time.time() + STEP_S_MAX
        while time.time() < end:
            ready, _, _ = select.select(list(open_fds), [], [], QUIET_S)
            if not ready:
                return
            for fd in ready:
                try:
                    data = os.read(fd, 65536)
                except OSError:
                    data = b""
                if data:
                    sent[fd] += data
                else:
                    open_fds.discard(fd)

    time.sleep(0.3)
    drain()
    # The greeting is not compared.
    for fd in sent:
        os.write(fd, b"cd $H\r")
    drain()
    for fd in sent:
        sent[fd] = b""
        os.write(fd, b"\x0c")
    drain()
    for step in range(max(map(len, scripts))):
        for (_, fd), script in zip(sessions, scripts):
            if step < len(script) and fd in open_fds:
                if script[step] == "WAIT":
                    continue
                try:
                    os.write(fd, key_bytes(script[step]))
                except OSError:
                    open_fds.discard(fd)
        if any(step < len(s) and s[step] == "WAIT" for s in scripts):
            time.sleep(1.2)
        drain()
    for pid, fd in sessions:
        print(sent[fd].hex())
        os.close(fd)
        try:
            os.kill(pid, 9)
        except OSError:
            pass
        os.waitpid(pid, 0)


main()
