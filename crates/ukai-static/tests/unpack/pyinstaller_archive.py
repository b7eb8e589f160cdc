"""Writes out.pkg by PyInstaller's own writers: a module in a PYZ, a script, and a file."""

from PyInstaller.archive.writers import CArchiveWriter, ZlibArchiveWriter

code = compile(open("hidden.py").read(), "hidden.py", "exec")
ZlibArchiveWriter("modules.pyz", [("hidden", "hidden.py", "PYMODULE")], {"hidden": code})
CArchiveWriter(
    "out.pkg",
    [
        ("PYZ-00.pyz", "modules.pyz", False, "z"),
        ("payload.sh", "payload.sh", True, "x"),
        ("plain.sh", "payload.sh", False, "x"),
    ],
    "libpython3.11.so.1.0",
)
