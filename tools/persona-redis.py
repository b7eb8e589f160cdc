#!/usr/bin/env python3
"""Writes personas/redis/ from a running redis-server of Debian: its commands, what they
say of themselves, and its settings with what each refuses. Starts the server itself."""

import os, re, socket, subprocess, sys, tempfile, time

PORT = 16380
OUT = os.path.join(os.path.dirname(__file__), "..", "personas", "redis")


class Client:
    def __init__(self):
        self.socket = socket.create_connection(("127.0.0.1", PORT))
        self.file = self.socket.makefile("rb")

    def ask(self, *words):
        parts = [b"*%d\r\n" % len(words)]
        for word in words:
            word = word.encode()
            parts.append(b"$%d\r\n%s\r\n" % (len(word), word))
        self.socket.sendall(b"".join(parts))
        return self.read()

    def read(self):
        """The reply as (bytes, value)."""
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"*":
            if rest == b"-1":
                return line, None
            items = [self.read() for _ in range(int(rest))]
            return line + b"".join(raw for raw, _ in items), [value for _, value in items]
        if kind == b"$":
            if rest == b"-1":
                return line, None
            body = self.file.read(int(rest) + 2)
            return line + body, body[:-2].decode()
        if kind == b":":
            return line, int(rest)
        return line, kind.decode() + rest.decode()


def start(folder):
    server = subprocess.Popen(
        ["redis-server", "/etc/redis/redis.conf", "--port", str(PORT), "--bind", "127.0.0.1",
         "--protected-mode", "no", "--enable-protected-configs", "yes", "--daemonize", "no",
         "--enable-module-command", "yes", "--dir", folder, "--logfile", "", "--pidfile", ""],
        stdout=subprocess.DEVNULL)
    for _ in range(100):
        try:
            return server, Client()
        except OSError:
            time.sleep(0.1)
    sys.exit("the server does not start")


def split_pairs(raw_items):
    """Top-level items of a reply with an even number of them, sorted by name."""
    pairs = list(zip(raw_items[::2], raw_items[1::2]))
    return sorted(pairs, key=lambda pair: pair[0][1])


def items_of(client, *words):
    """The raw items of an array reply."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        parts.append(b"$%d\r\n%s\r\n" % (len(word), word.encode()))
    client.socket.sendall(b"".join(parts))
    count = int(client.file.readline()[1:])
    return [client.read() for _ in range(count)]


def write(name, text):
    with open(os.path.join(OUT, name), "wb") as file:
        file.write(text.replace(b"\r\n", b"\n"))


def settings(client):
    """NAME KIND LOW HIGH WORDS VALUE, between tabs."""
    _, flat = client.ask("CONFIG", "GET", "*")
    lines = []
    for name, value in sorted(zip(flat[::2], flat[1::2])):
        kind, low, high, words = "text", "", "", ""
        told = client.ask("CONFIG", "SET", name, "zzz 1")[1]
        reason = told.split(" - ", 1)[-1] if told.startswith("-") else ""
        if "immutable" in reason:
            kind = "immutable"
        elif "'yes' or 'no'" in reason:
            kind = "bool"
        elif "one of the following: " in reason:
            kind, words = "enum", reason.split("following: ")[1].replace(", ", " ")
        elif "memory value" in reason or "into an integer" in reason or "octal" in reason:
            kind = "memory" if "memory" in reason else "octal" if "octal" in reason else "int"
            for far in ("-999999999999999999", "999999999999999999"):
                told = client.ask("CONFIG", "SET", name, far)[1]
                found = re.search(r"between (-?\d+) and (-?\d+) inclusive", told)
                if found:
                    low, high = found.groups()
        elif told.startswith("-"):
            kind, words = "refused", reason
        if not told.startswith("-"):
            client.ask("CONFIG", "SET", name, value)
        if name in ("port", "dir", "bind", "pidfile", "logfile"):
            value = {"port": "6379", "dir": "/var/lib/redis", "bind": "* -::*",
                     "pidfile": "/run/redis/redis-server.pid",
                     "logfile": "/var/log/redis/redis-server.log"}[name]
        if name == "supervised":
            value = "systemd"
        lines.append("\t".join([name, kind, low, high, words, value]))
    return ("\n".join(lines) + "\n").encode()


def main():
    os.makedirs(OUT, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        server, client = start(folder)
        try:
            commands = sorted(items_of(client, "COMMAND"), key=lambda item: item[1][0])
            write("commands.resp", b"".join(raw for raw, _ in commands))
            docs = split_pairs(items_of(client, "COMMAND", "DOCS"))
            write("docs.resp", b"".join(name[0] + body[0] for name, body in docs))
            helps = []
            for _, command in commands:
                if any(sub[0] == command[0] + "|help" for sub in command[9]):
                    _, lines = client.ask(command[0], "help")
                    helps.append(command[0] + "\n" + "".join("\t" + line[1:] + "\n" for line in lines))
            write("help.txt", "".join(helps).encode())
            write("settings.txt", settings(client))
        finally:
            server.kill()
            server.wait()


main()
