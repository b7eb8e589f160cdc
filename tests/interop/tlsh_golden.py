#!/usr/bin/env python3
"""Prints the table crates/ukai-static/tests/hashes/tlsh.txt with PyPI's py-tlsh.

    pip install py-tlsh && python3 tests/interop/tlsh_golden.py > crates/ukai-static/tests/hashes/tlsh.txt

Each line: kind, seed, length, TLSH. The inputs are made by `inputs.rs` beside the table
in the same way as here.
"""

import tlsh

MASK = 2**64 - 1


def noise(length: int, seed: int) -> bytes:
    """xorshift64, its upper half: the same as in inputs.rs."""
    state = (seed * 0x9E3779B97F4A7C15 & MASK) | 1
    out = bytearray()
    for _ in range(length):
        state ^= state << 13 & MASK
        state ^= state >> 7
        state ^= state << 17 & MASK
        out.append(state >> 32 & 255)
    return bytes(out)


def make(kind: str, seed: int, length: int) -> bytes:
    data = noise(length, seed)
    if kind == "noise":
        return data
    if kind == "few":  # eight different bytes
        return bytes(b & 7 for b in data)
    if kind == "text":
        return bytes(b"etaoin shrdlu\n.,"[b & 15] for b in data)
    if kind == "period":  # a pattern that repeats
        return bytes(data[i % min(length, 97 + seed)] for i in range(length))
    if kind == "sparse":  # mostly zeros
        return bytes(b if b < 8 else 0 for b in data)
    raise ValueError(kind)


def main() -> None:
    lengths = [0, 1, 49, 50, 51, 100, 255, 256, 257, 511, 700, 1000, 4095, 4096, 10000, 65536, 200000]
    for kind in ["noise", "few", "text", "period", "sparse"]:
        for seed, length in enumerate(lengths, start=1):
            digest = tlsh.hash(make(kind, seed, length))
            print(kind, seed, length, digest or "TNULL")


if __name__ == "__main__":
    main()
