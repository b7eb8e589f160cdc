#!/usr/bin/env python3
"""Fills the generated part of personas/server-debian.toml from a real Debian root.

    mmdebstrap --variant=important --include=PACKAGES bookworm ROOT
    tools/persona-debian.py ROOT personas/server-debian.toml

Between the marker lines it writes the programs with their sizes, the links, the
folders, dpkg's database and the configuration files as the packages deliver them. What
an owner decides (users, host, services) stands outside of the markers, by hand.
"""

import os
import re
import stat
import sys

BEGIN, END = "# >>> from packages\n", "# <<< from packages\n"

PROGRAM_FOLDERS = ["usr/bin", "usr/sbin"]

# Their contents are of use to a visitor; everything else is left out for size.
TEXTS = """
etc/adduser.conf etc/apt/apt.conf.d/01autoremove etc/apt/apt.conf.d/20auto-upgrades
etc/at.deny etc/bash.bashrc
etc/cron.d/e2scrub_all etc/cron.d/php etc/cron.daily/apt-compat etc/cron.daily/dpkg
etc/cron.daily/logrotate etc/cron.daily/man-db etc/crontab etc/debian_version
etc/default/cron etc/default/grub etc/default/locale etc/default/nss etc/default/ssh
etc/default/useradd etc/deluser.conf etc/environment etc/gai.conf etc/host.conf
etc/hosts.allow etc/hosts.deny etc/init.d/cron etc/init.d/nginx etc/init.d/ssh
etc/inputrc etc/issue etc/issue.net etc/ld.so.conf etc/ld.so.conf.d/libc.conf
etc/ld.so.conf.d/x86_64-linux-gnu.conf etc/login.defs etc/logrotate.conf
etc/logrotate.d/nginx etc/logrotate.d/rsyslog etc/mke2fs.conf etc/modules
etc/motd etc/networks etc/nftables.conf etc/nginx/fastcgi_params
etc/nginx/nginx.conf etc/nginx/sites-available/default etc/nginx/snippets/fastcgi-php.conf
etc/nsswitch.conf etc/pam.d/common-auth etc/pam.d/common-password etc/pam.d/login
etc/pam.d/sshd etc/pam.d/su etc/pam.d/sudo etc/profile etc/profile.d/bash_completion.sh
etc/protocols etc/rpc etc/rsyslog.conf etc/securetty etc/security/limits.conf etc/shells
etc/skel/.bash_logout etc/skel/.bashrc etc/skel/.profile etc/ssh/ssh_config
etc/ssh/sshd_config etc/subgid etc/subuid etc/sudo.conf etc/sudoers etc/sudoers.d/README
etc/sysctl.conf etc/systemd/journald.conf etc/systemd/timesyncd.conf etc/timezone
etc/update-motd.d/10-uname etc/vim/vimrc.tiny
etc/wgetrc usr/lib/os-release usr/lib/systemd/system/atd.service
usr/lib/systemd/system/cron.service usr/lib/systemd/system/dbus.service
usr/lib/systemd/system/getty@.service usr/lib/systemd/system/inetutils-inetd.service
usr/lib/systemd/system/networking.service usr/lib/systemd/system/nginx.service
usr/lib/systemd/system/php8.2-fpm.service usr/lib/systemd/system/rsyslog.service
usr/lib/systemd/system/rsync.service usr/lib/systemd/system/ssh.service
usr/lib/systemd/system/systemd-journald.service
usr/lib/systemd/system/systemd-logind.service
usr/lib/systemd/system/systemd-timesyncd.service
usr/lib/systemd/system/systemd-udevd.service
usr/lib/systemd/system/unattended-upgrades.service
var/www/html/index.nginx-debian.html
""".split()

# Written by hand, or the machine's own.
OWN = {"etc/hostname", "etc/hosts", "etc/machine-id", "etc/resolv.conf", "etc/mtab"}

FIELDS = ["Package", "Status", "Priority", "Section", "Installed-Size", "Maintainer",
          "Architecture", "Multi-Arch", "Source", "Version", "Description"]


def quoted(text):
    """A TOML string."""
    if "\n" in text and "'''" not in text and all(c == "\n" or c == "\t" or c >= " " for c in text):
        return "'''\n" + text + "'''"
    out = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    out = "".join(c if c >= " " else f"\\u{ord(c):04x}" for c in out)
    return '"' + out + '"'


def names(root, database):
    """Number -> name of the root's own users or groups."""
    with open(os.path.join(root, database)) as lines:
        return {int(f[2]): f[0] for f in (line.split(":") for line in lines)}


class Writer:
    def __init__(self, root):
        self.root = root
        self.users = names(root, "etc/passwd")
        self.groups = names(root, "etc/group")
        self.folders, self.links, self.programs, self.files = {}, {}, {}, {}

    def owner(self, info):
        # A group without a user of its name goes by its number.
        group = self.groups.get(info.st_gid, "root")
        if group not in self.users.values():
            group = info.st_gid
        return f"{self.users.get(info.st_uid, 'root')}:{group}"

    def folder(self, path):
        while path and path not in self.folders:
            full = os.path.join(self.root, path)
            if os.path.islink(full):
                return
            if os.path.isdir(full):
                info = os.stat(full)
                self.folders[path] = (stat.S_IMODE(info.st_mode), self.owner(info))
            path = os.path.dirname(path)

    def link(self, path):
        target = os.readlink(os.path.join(self.root, path))
        self.folder(os.path.dirname(path))
        self.links[path] = target

    def program(self, path):
        info = os.stat(os.path.join(self.root, path))
        self.folder(os.path.dirname(path))
        self.programs[path] = (stat.S_IMODE(info.st_mode), info.st_size)

    def text(self, path):
        full = os.path.join(self.root, path)
        if not os.path.isfile(full) or os.path.islink(full):
            return
        info = os.stat(full)
        with open(full, encoding="utf-8", errors="replace") as file:
            self.files[path] = (file.read(), stat.S_IMODE(info.st_mode), self.owner(info))
        self.folder(os.path.dirname(path))

    def collect(self):
        for folder in PROGRAM_FOLDERS:
            for name in sorted(os.listdir(os.path.join(self.root, folder))):
                path = f"{folder}/{name}"
                (self.link if os.path.islink(os.path.join(self.root, path)) else self.program)(path)
        for path in TEXTS:
            self.text(path)
        for base, depth in [("etc", 3), ("var", 3), ("usr", 2), ("usr/share", 1), ("opt", 1),
                            ("usr/lib", 1), ("usr/local", 2), ("lib/systemd", 1), ("srv", 1)]:
            self.tree(base, depth)
        self.libraries()
        for program in ["usr/lib/systemd/systemd", "usr/lib/openssh/sftp-server",
                        "usr/lib/systemd/systemd-journald", "usr/lib/systemd/systemd-logind",
                        "usr/lib/systemd/systemd-timesyncd", "usr/bin/udevadm"]:
            self.program(program)
        for name in os.listdir(os.path.join(self.root, "usr/lib/systemd/system")):
            path = f"usr/lib/systemd/system/{name}"
            if os.path.islink(os.path.join(self.root, path)):
                self.link(path)

    def tree(self, base, depth):
        base = os.path.relpath(os.path.realpath(os.path.join(self.root, base)), self.root)
        for at, folders, files in os.walk(os.path.join(self.root, base)):
            path = os.path.relpath(at, self.root)
            level = path.count("/") - base.count("/")
            if level >= depth:
                folders.clear()
                continue
            self.folder(path)
            for name in list(folders) + files:
                inner = f"{path}/{name}"
                full = os.path.join(at, name)
                if os.path.islink(full):
                    if base in ("etc", "var"):
                        self.link(inner)
                elif os.path.isdir(full) and level + 1 < depth:
                    self.folder(inner)

    def libraries(self):
        """What the loader is asked for, and where it leads."""
        base = "usr/lib/x86_64-linux-gnu"
        for name in sorted(os.listdir(os.path.join(self.root, base))):
            if not re.match(r"(ld-linux|lib(c|m|dl|rt|pthread|crypt|crypto|ssl|z|tinfo|selinux|pam"
                            r"|resolv|util|gcc_s|stdc\+\+|systemd|curl|cap)[-.])", name):
                continue
            path = f"{base}/{name}"
            full = os.path.join(self.root, path)
            if os.path.islink(full):
                self.link(path)
            elif os.path.isfile(full) and ".so" in name:
                self.program(path)
        self.link("usr/lib64/ld-linux-x86-64.so.2")

    def status(self):
        with open(os.path.join(self.root, "var/lib/dpkg/status")) as file:
            stanzas = file.read().strip().split("\n\n")
        kept = []
        for stanza in stanzas:
            fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", stanza, re.M))
            kept.append("\n".join(f"{k}: {fields[k]}" for k in FIELDS if k in fields))
        return "\n\n".join(kept) + "\n\n"

    def write(self):
        out = ["[tree]", "modified = 1778839211", "directories = ["]
        self.folders.pop("proc", None)
        own = {"proc": "0555", "proc/net": "0555", "proc/sys": "0555",
               "proc/sys/kernel": "0555", "proc/self": "0555", "sys": "0555", "dev": "0755", "dev/pts": "0755",
               "dev/shm": "1777", "run": "0755", "run/lock": "1777", "run/sshd": "0755", "tmp": "1777",
               "boot": "0755", "home": "0755", "media": "0755", "mnt": "0755", "root": "0700",
               "root/.ssh": "0700", "lost+found": "0700"}
        rows = {path: f"{mode:04o} /{path}" + ("" if owner == "root:root" else f" {owner}")
                for path, (mode, owner) in self.folders.items() if path != "."}
        rows.update({path: f"{mode} /{path}" for path, mode in own.items()})
        for user in ["debian", "test", "oracle"]:
            rows[f"home/{user}"] = f"0700 /home/{user} {user}:{user}"
        out += wrapped([rows[p] for p in sorted(rows)])
        out += ["]", "links = ["]
        links = dict(self.links)
        links.update({"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64",
                      "var/run": "/run", "var/lock": "/run/lock", "etc/mtab": "../proc/self/mounts",
                      "vmlinuz": "boot/vmlinuz-6.1.0-47-amd64", "initrd.img": "boot/initrd.img-6.1.0-47-amd64",
                      "dev/fd": "/proc/self/fd", "dev/stdin": "/proc/self/fd/0",
                      "dev/stdout": "/proc/self/fd/1", "dev/stderr": "/proc/self/fd/2"})
        links = {p: t for p, t in links.items()
                 if (p not in OWN or p == "etc/mtab") and not p.endswith(".gz")}
        out += wrapped([f"/{p} {links[p]}" for p in sorted(links)])
        out += ["]", "devices = ["]
        out += wrapped(["c 1 1 0640 /dev/mem", "c 1 3 0666 /dev/null", "c 1 5 0666 /dev/zero",
                        "c 1 7 0666 /dev/full", "c 1 8 0666 /dev/random", "c 1 9 0666 /dev/urandom",
                        "c 1 11 0644 /dev/kmsg", "c 5 0 0666 /dev/tty", "c 5 1 0600 /dev/console",
                        "c 5 2 0666 /dev/ptmx", "c 4 0 0620 /dev/tty0", "c 4 1 0620 /dev/tty1",
                        "c 4 64 0660 /dev/ttyS0", "c 10 229 0666 /dev/fuse", "c 10 183 0600 /dev/hwrng",
                        "c 10 237 0660 /dev/loop-control",
                        "b 7 0 0660 /dev/loop0", "b 254 0 0660 /dev/vda", "b 254 1 0660 /dev/vda1",
                        "b 254 14 0660 /dev/vda14", "b 254 15 0660 /dev/vda15"])
        out += ["]", "programs = ["]
        programs = {p: f"{mode:04o} {size} /{p}" for p, (mode, size) in self.programs.items()}
        kernel = "6.1.0-47-amd64"
        for name, mode, size in [("System.map", "0644", 83), ("config", "0644", 259569),
                                 ("vmlinuz", "0644", 8234944), ("initrd.img", "0644", 9_437_184)]:
            programs[f"boot/{name}-{kernel}"] = f"{mode} {size} /boot/{name}-{kernel}"
        out += wrapped([programs[p] for p in sorted(programs)])
        out += ["]", ""]
        files = dict(self.files)
        files["var/lib/dpkg/status"] = (self.status(), 0o644, "root:root")
        for path in sorted(files):
            text, mode, owner = files[path]
            out.append(f'[files."/{path}"]')
            if mode != 0o644:
                out.append(f'mode = "{mode:04o}"')
            user, group = owner.split(":")
            if user != "root":
                out.append(f'user = "{user}"')
            if group != "root":
                out.append(f'group = "{group}"')
            out += [f"content = {quoted(text)}", ""]
        return "\n".join(out)


def wrapped(items):
    """Array lines of about 110 columns."""
    lines, line = [], "   "
    for item in items:
        item = f" {quoted(item)},"
        if len(line) + len(item) > 112 and line.strip():
            lines.append(line)
            line = "   "
        line += item
    return lines + ([line] if line.strip() else [])


def main():
    root, persona = sys.argv[1:]
    writer = Writer(root)
    writer.collect()
    with open(persona) as file:
        text = file.read()
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    with open(persona, "w") as file:
        file.write(head + BEGIN + writer.write() + END + tail)


if __name__ == "__main__":
    main()
