"""A book with an Excel 4 macro sheet, of xlwt's records: it has no macro sheets of its own."""

import struct
import sys

import xlwt
from xlwt import CompoundDoc, ExcelMagic

# Functions that only macros may call: number, fewest and most arguments, classes.
ExcelMagic.all_funcs_by_name.update(
    {
        "EXEC": (110, 1, 4, "V", "V+"),
        "CALL": (150, 1, 30, "V", "V+"),
        "REGISTER": (149, 1, 30, "V", "V+"),
        "HALT": (54, 0, 1, "V", "V"),
        "GOTO": (53, 1, 1, "V", "R"),
    }
)

book = xlwt.Workbook()
data = book.add_sheet("Data")
data.write(0, 0, "http://cnc.xlm.")
data.write(1, 0, 101)
data.write(2, 0, "wide \u540d")
macro = book.add_sheet("Macro1")
for row, formula in enumerate(sys.argv[2:]):
    macro.write(row, 0, xlwt.Formula(formula))

stream = book.get_biff_data()
records, at = [], 0
while at + 4 <= len(stream):
    kind, length = struct.unpack_from("<HH", stream, at)
    records.append((at, kind, stream[at + 4 : at + 4 + length]))
    at += 4 + length
# Auto_Open, at the first cell of the second sheet: a built-in name of one letter.
tokens = struct.pack("<BHHH", 0x3A, 2, 0, 0)
name = struct.pack("<HBBHHHBBBB", 0x20, 0, 1, len(tokens), 0, 0, 0, 0, 0, 0) + b"\0\x01" + tokens
book_of_references = struct.pack("<HH", 2, 0x0401)
# As xlwt counts them: the book itself, the first sheet, the second.
references = struct.pack("<HHHHHHHHHH", 3, 0, 0xFFFE, 0xFFFE, 0, 0, 0, 0, 1, 1)
extra = b"".join(
    struct.pack("<HH", kind, len(content)) + content
    for kind, content in [(0x01AE, book_of_references), (0x0017, references), (0x0018, name)]
)
out, is_globals, sheets, begun = b"", True, 0, 0
for at, kind, content in records:
    if kind == 0x0085:
        place, state, what = struct.unpack_from("<IBB", content)
        sheets += 1
        if sheets == 2:
            state, what = 2, 1
        content = struct.pack("<IBB", place + len(extra), state, what) + content[6:]
    if kind in (0x01AE, 0x0017):
        continue
    if kind == 0x0809:
        begun += 1
        if begun == 3:
            content = content[:2] + b"\x40\0" + content[4:]
    if kind == 0x000A and is_globals:
        out += extra
        is_globals = False
    out += struct.pack("<HH", kind, len(content)) + content
# xlwt wrote references of its own, which were left out.
left_out = len(stream) + len(extra) - len(out)
fixed = b""
at = 0
while at + 4 <= len(out):
    kind, length = struct.unpack_from("<HH", out, at)
    content = out[at + 4 : at + 4 + length]
    if kind == 0x0085:
        (place,) = struct.unpack_from("<I", content)
        content = struct.pack("<I", place - left_out) + content[4:]
    fixed += struct.pack("<HH", kind, length) + content
    at += 4 + length
document = CompoundDoc.XlsDoc()
document.save(sys.argv[1], fixed)
