#!/usr/bin/env python3
"""Our CaRT containers against the reference implementation (PyPI `cart`), both ways.

Usage: cart.py PROGRAM, where PROGRAM is the built example `cart` of ukai-store
(`cargo build -p ukai-store --example cart`). Needs `pip install cart`.
"""

import io
import json
import os
import random
import subprocess
import sys

sys.path.pop(0)  # This file's own folder: it has the reference's name.
import cart.cart as reference


def run(*arguments, data):
    done = subprocess.run(arguments, input=data, capture_output=True, check=True)
    return done.stdout, done.stderr


def samples():
    rng = random.Random(7)
    yield "empty", b""
    yield "one byte", b"\0"
    yield "text", b"#!/bin/sh\necho hello\n" * 50
    yield "zeros", bytes(3_000_000)
    # The reference reads blocks of 64 KiB: sizes around them.
    for size in (65_535, 65_536, 65_537, 400_001):
        yield f"noise of {size}", rng.randbytes(size)


def main():
    (program,) = sys.argv[1:]
    count = 0
    for name, data in samples():
        packed, _ = run(program, "pack", name, data=data)
        opened = io.BytesIO()
        header, footer = reference.unpack_stream(io.BytesIO(packed), opened)
        assert opened.getvalue() == data, f"{name}: the reference reads other bytes"
        assert header == {"name": name}, header
        assert footer["length"] == str(len(data)), footer

        theirs = io.BytesIO()
        reference.pack_stream(io.BytesIO(data), theirs, optional_header={"name": name, "n": 1})
        opened, metadata = run(program, "unpack", data=theirs.getvalue())
        assert opened == data, f"{name}: we read other bytes"
        (header, their_footer) = json.loads(metadata)
        assert header == {"name": name, "n": 1}, header
        assert their_footer == footer, f"{name}: footers differ: {their_footer} {footer}"
        count += 1
    print(f"cart: {count} files, both ways, agree with the reference {reference.version.major}.{reference.version.minor}")


if __name__ == "__main__":
    if not os.path.exists(sys.argv[1] if len(sys.argv) > 1 else ""):
        sys.exit(__doc__)
    main()
