"""Packs standard input by the UCL library: the first argument is b, d or e, the second the
bits of a unit (8, 16, 32). UPX uses the same library."""

import ctypes
import sys


class Config(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_int)
        for name in "bb_endian bb_size max_offset max_match s_level h_level p_level c_flags m_size".split()
    ]


ucl = ctypes.CDLL("libucl.so.1")
source = sys.stdin.buffer.read()
room = ctypes.create_string_buffer(len(source) + len(source) // 8 + 4096)
length = ctypes.c_uint(len(room))
config = Config(0, int(sys.argv[2]), -1, -1, -1, -1, -1, -1, -1)
pack = getattr(ucl, f"ucl_nrv2{sys.argv[1]}_99_compress")
result = pack(source, len(source), room, ctypes.byref(length), None, 5, ctypes.byref(config), None)
assert result == 0, result
sys.stdout.buffer.write(room.raw[: length.value])
