#!/usr/bin/env python3
"""Writes personas/bash-5.2.help.gz: what `help` of the bash in $PATH prints.

    tools/capture-bash-help.py personas/bash-5.2.help.gz

The list of builtins first, then a record for each topic: its name, one line (`help -s`)
and the whole text. Records are parted by 0x1e, fields by 0x1f.
"""

import gzip
import subprocess
import sys

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "COLUMNS": "80", "TERM": "dumb"}


def bash(*words):
    done = subprocess.run(["bash", "-c", *words], env=ENVIRONMENT, capture_output=True, text=True)
    return done.stdout


def main():
    records = [bash("help")]
    for topic in bash("compgen -A helptopic").split("\n"):
        short = bash('help -s -- "$1"', "help", topic)
        full = bash('help -- "$1"', "help", topic)
        if topic and full:
            records.append("\x1f".join([topic, short, full]))
    data = "\x1e".join(records).encode()
    with open(sys.argv[1], "wb") as out:
        out.write(gzip.compress(data, 9, mtime=0))


main()
