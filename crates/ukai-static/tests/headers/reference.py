"""What pefile, pyelftools and telfhash say about files: one line of JSON each.

usage: reference.py pe|elf FILE ...
"""

import importlib
import json
import sys
import types


def pe(path):
    import pefile

    pe = pefile.PE(path)
    directory = pe.OPTIONAL_HEADER.DATA_DIRECTORY
    version = []
    for info in getattr(pe, "FileInfo", []):
        for entry in info:
            for table in getattr(entry, "StringTable", []):
                version += [[k.decode(), v.decode()] for k, v in table.entries.items()]
    pdb = None
    for entry in getattr(pe, "DIRECTORY_ENTRY_DEBUG", []):
        name = getattr(entry.entry, "PdbFileName", None)
        if name and pdb is None:
            pdb = name.rstrip(b"\0").decode()
    resources = 0
    for kind in getattr(getattr(pe, "DIRECTORY_ENTRY_RESOURCE", None), "entries", []):
        for name in kind.directory.entries:
            resources += len(name.directory.entries)
    return {
        "machine": pe.FILE_HEADER.Machine,
        "linked": pe.FILE_HEADER.TimeDateStamp,
        "entry": pe.OPTIONAL_HEADER.AddressOfEntryPoint,
        "wide": pe.OPTIONAL_HEADER.Magic == 0x20B,
        "dll": bool(pe.FILE_HEADER.Characteristics & 0x2000),
        "imphash": pe.get_imphash() or None,
        "rich_hash": pe.get_rich_header_hash() or None,
        "sections": [
            [
                s.Name.rstrip(b"\0").decode(),
                s.PointerToRawData,
                s.VirtualAddress,
                s.SizeOfRawData,
                s.Misc_VirtualSize,
                s.get_entropy(),
            ]
            for s in pe.sections
        ],
        "libraries": [e.dll.decode() for e in getattr(pe, "DIRECTORY_ENTRY_IMPORT", [])],
        "version": version,
        "pdb": pdb,
        "resources": resources,
        "signed": directory[4].VirtualAddress != 0,
        "overlay": pe.get_overlay_data_start_offset(),
    }


def elf(path):
    # Only its list of symbols is asked for; the digest and the disassembler are not there.
    sys.modules.setdefault("tlsh", types.SimpleNamespace(__version__="4.2.1"))
    sys.modules.setdefault("packaging", types.ModuleType("packaging"))
    sys.modules["packaging"].version = types.SimpleNamespace(parse=lambda text: text)
    names = (
        "CS_ARCH_X86 CS_MODE_32 CS_MODE_64 CS_ARCH_ARM CS_MODE_ARM CS_ARCH_MIPS "
        "CS_MODE_MIPS32 CS_MODE_BIG_ENDIAN Cs"
    )
    capstone = types.ModuleType("capstone")
    for name in names.split():
        setattr(capstone, name, 0)
    sys.modules.setdefault("capstone", capstone)
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

    telfhash = importlib.import_module("telfhash.telfhash")

    with open(path, "rb") as file:
        elf = ELFFile(file)
        symbols = None
        if any(isinstance(s, SymbolTableSection) and s["sh_size"] > 0 for s in elf.iter_sections()):
            symbols = telfhash.extract_symbols(path)
        interpreter = None
        libraries = []
        for segment in elf.iter_segments():
            if segment["p_type"] == "PT_INTERP":
                interpreter = segment.get_interp_name()
            if segment["p_type"] == "PT_DYNAMIC":
                libraries = [t.needed for t in segment.iter_tags() if t.entry.d_tag == "DT_NEEDED"]
        return {
            "bits": elf.elfclass,
            "little": elf.little_endian,
            "machine": elf.header["e_machine"],
            "entry": elf.header["e_entry"],
            "interpreter": interpreter,
            "libraries": libraries,
            "symbols": symbols,
            "stripped": elf.get_section_by_name(".symtab") is None,
            "segments": [
                [s["p_flags"], s["p_offset"], s["p_vaddr"], s["p_filesz"], s["p_memsz"]]
                for s in elf.iter_segments()
            ],
            "sections": [
                [s.name, s["sh_offset"], s["sh_addr"], s["sh_size"]] for s in elf.iter_sections()
            ][1:],
        }


for path in sys.argv[2:]:
    print(json.dumps({"pe": pe, "elf": elf}[sys.argv[1]](path)))
