#!/usr/bin/env python3
"""Writes personas/debian-12.answers.gz: what the programs of a Debian root say of
themselves.

    tools/capture-answers.py ROOT personas/debian-12.answers.gz

Every program of ROOT is called without arguments, with --help, --version, -V, -h, -v and
with an option that does not exist, in namespaces of its own and without input, and what
it prints is kept. Programs that would stop the machine, wait for a terminal or change
the root are left out. Needs root; a root is made as tools/persona-debian.py says.
"""

import concurrent.futures
import gzip
import os
import re
import subprocess
import sys

LEFT_OUT = set("""
reboot halt poweroff shutdown telinit init runlevel update-grub grub-mkconfig
update-initramfs yes top htop watch vi vim.tiny nano editor mkinitramfs
upgrade-from-grub-legacy systemd-ask-password unattended-upgrade unattended-upgrades
dpkg-reconfigure apt-listchanges pam-auth-update update-ca-certificates tasksel busybox
systemd-tty-ask-password-agent update-pciids updatedb updatedb.plocate fstrim swapoff
deb-systemd-invoke depmod
""".split())
# What the machine that the answers come from would tell of itself, and what stands there
# instead.
RELEASE, KERNEL = "6.1.0-47-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.170-3 (2026-05-08)"
NO_OPTION = "--qqqq"
ARGUMENTS = ["", "--help", "--version", "-V", "-h", "-v", NO_OPTION]
ABOUT_ITSELF = re.compile(r"[Uu]sage|[Vv]ersion|\d\.\d|Copyright")
MISTAKE = re.compile(r"[Uu]sage|missing|Try|no input|must |require|need|nothing|argument|specif")
LONGEST = 9000
ENVIRONMENT = dict(PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                   HOME="/root", TERM="xterm", LANG="C.UTF-8", USER="root", LOGNAME="root",
                   SHELL="/bin/bash", PAGER="cat", COLUMNS="80")


def run(root, words):
    """Status, output and errors of a command in the root; none if it does not end."""
    jail = ["unshare", "--fork", "--pid", "--net", "--uts", "--ipc", "chroot", root, "setpriv",
            "--bounding-set=-sys_boot,-sys_module,-sys_time,-sys_rawio"]
    try:
        done = subprocess.run(jail + words, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=5, env=ENVIRONMENT, cwd="/", check=False)
    except subprocess.TimeoutExpired:
        return None
    return (done.returncode, impersonal(done.stdout), impersonal(done.stderr))


def impersonal(text):
    """What was printed, with the persona's kernel and without this machine's name."""
    text = text.decode(errors="replace")
    text = text.replace(os.uname().release, RELEASE).replace(os.uname().version, KERNEL)
    lines = [l for l in text.splitlines(True) if "unable to resolve host" not in l]
    return "".join(lines)


def records(program, answers):
    """What is worth keeping of a program's answers."""
    help_, version = answers.get("--help"), answers.get("--version")
    mistake = answers.get(NO_OPTION)
    for argument, found in sorted(answers.items()):
        status, output, errors = found
        text = output + errors
        if not text or len(text) > LONGEST or "\ufffd" in text:
            continue
        if argument == "" and not MISTAKE.search(text):
            continue
        if argument == NO_OPTION and NO_OPTION[2:] not in text and found != help_:
            continue
        if argument in ("-V", "-h", "-v"):
            if found == help_:
                output, errors = "--help", "="
            elif found == version:
                output, errors = "--version", "="
            elif not ABOUT_ITSELF.search(text):
                continue
            elif mistake and text == (mistake[1] + mistake[2]).replace(
                    f"unrecognized option '{NO_OPTION}'", f"invalid option -- '{argument[1]}'"):
                continue
        yield "\x1f".join([program, argument, str(status), output, errors])


def main():
    root, target = sys.argv[1:]
    kept = []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for folder in ("usr/bin", "usr/sbin"):
            for program in sorted(os.listdir(os.path.join(root, folder))):
                if program in LEFT_OUT:
                    continue
                calls = {a: pool.submit(run, root, [f"/{folder}/{program}"] + ([a] if a else []))
                         for a in ARGUMENTS}
                answers = {a: c.result() for a, c in calls.items() if c.result()}
                kept += records(program, answers)
        applets = run(root, ["busybox", "--list"])[1].split()
        for applet in applets:
            if applet in LEFT_OUT:
                continue
            found = run(root, ["busybox", applet, "--help"])
            text = found and found[1] + found[2]
            if text and text.startswith("BusyBox"):
                kept.append("\x1f".join(["busybox", applet, "1", "", text.split("\n", 1)[1]]))
    with open(target, "wb") as file:
        file.write(gzip.compress("\x1e".join(kept).encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
