"""Closes documents of Office with a password, and has msoffcrypto open them again.

close_office.py FROM TO WAY PASSWORD, where WAY is one of

    agile SHA512 256, agile SHA1 128 ...   a package, as Office 2010 and later write it
    standard BITS                          a package, as Office 2007 writes it
    xor, rc4, crypto BITS                  a book of Excel 97 to 2003
"""

import base64
import hashlib
import io
import os
import struct
import sys

import msoffcrypto
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from msoffcrypto.method import rc4, rc4_cryptoapi
from msoffcrypto.method.container.ecma376_encrypted import ECMA376Encrypted
from msoffcrypto.method.ecma376_standard import ECMA376Standard
from msoffcrypto.method.xor_obfuscation import DocumentXOR
from olefile import OleFileIO
from xlwt import CompoundDoc

source, target, way, *parameters, password = sys.argv[1:]
with open(source, "rb") as file:
    plain = file.read()
salt = os.urandom(16)
# A text that the book must hold.
MARK = "cnc.xlm"


def aes(mode, key, data):
    cipher = Cipher(algorithms.AES(key), mode).encryptor()
    return cipher.update(data + b"\0" * (-len(data) % 16)) + cipher.finalize()


def agile(hash_name, bits):
    rounds, size = 20000, int(bits) // 8

    def digest(data):
        return hashlib.new(hash_name.lower(), data).digest()

    def fitted(data, length):
        return digest(data)[:length].ljust(length, b"\x36")

    hashed = digest(salt + password.encode("utf-16-le"))
    for number in range(rounds):
        hashed = digest(struct.pack("<I", number) + hashed)

    def wrap(purpose, data):
        key = fitted(hashed + bytes.fromhex(purpose), size)
        return base64.b64encode(aes(modes.CBC(salt), key, data)).decode()

    key, own, verifier = os.urandom(size), os.urandom(16), os.urandom(16)
    common = f"""saltSize="16" blockSize="16" keyBits="{bits}" hashSize="{len(hashed)}"
 cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" hashAlgorithm="{hash_name}" saltValue="""
    space = "http://schemas.microsoft.com/office/2006"
    info = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<encryption xmlns="{space}/encryption" xmlns:p="{space}/keyEncryptor/password">
<keyData {common}"{base64.b64encode(own).decode()}"/>
<dataIntegrity encryptedHmacKey="AAAA" encryptedHmacValue="AAAA"/>
<keyEncryptors><keyEncryptor uri="{space}/keyEncryptor/password">
<p:encryptedKey spinCount="{rounds}" {common}"{base64.b64encode(salt).decode()}"
 encryptedVerifierHashInput="{wrap("fea7d2763b4b9e79", verifier)}"
 encryptedVerifierHashValue="{wrap("d7aa0f6d3061344e", digest(verifier))}"
 encryptedKeyValue="{wrap("146e0be7abacd0d6", key)}"/></keyEncryptor></keyEncryptors></encryption>"""
    package = struct.pack("<Q", len(plain))
    for number, at in enumerate(range(0, len(plain), 4096)):
        vector = fitted(own + struct.pack("<I", number), 16)
        package += aes(modes.CBC(vector), key, plain[at : at + 4096])
    return container(struct.pack("<HHI", 4, 4, 0x40) + info.encode(), package)


def container(info, package):
    out = io.BytesIO()
    ECMA376Encrypted(package, info).write_to(out)
    return out.getvalue()


def standard(bits):
    key = ECMA376Standard.makekey_from_password(
        password, 0x660E, 0x8004, 24, int(bits), len(salt), salt
    )

    def close(data):
        return aes(modes.ECB(), key, data)

    verifier = os.urandom(16)
    name = "Microsoft Enhanced RSA and AES Cryptographic Provider\0".encode("utf-16-le")
    algorithm = {128: 0x660E, 192: 0x660F, 256: 0x6610}[int(bits)]
    header = struct.pack("<IIIIIIII", 0x24, 0, algorithm, 0x8004, int(bits), 0x18, 0, 0) + name
    info = struct.pack("<HHII", 3, 2, 0x24, len(header)) + header
    info += struct.pack("<I", 16) + salt + close(verifier) + struct.pack("<I", 20)
    info += close(hashlib.sha1(verifier).digest())
    return container(info, struct.pack("<Q", len(plain)) + close(plain))


def book(way, bits=None):
    stream = OleFileIO(io.BytesIO(plain)).openstream("Workbook").read()
    verifier = os.urandom(16)
    if way == "xor":
        key = DocumentXOR.create_xor_key_method1(password)
        check = next(it for it in range(65536) if DocumentXOR.verifypw(password, it))
        record = struct.pack("<HHH", 0, key, check)
        array = DocumentXOR.create_xor_array_method1(password)
    elif way == "rc4":

        def pad(length):
            return rc4.DocumentRC4.decrypt(password, salt, io.BytesIO(bytes(length)), 1024).read()

        closed = pad(32)
        both = verifier + hashlib.md5(verifier).digest()
        record = struct.pack("<HHH", 1, 1, 1) + salt + bytes(a ^ b for a, b in zip(both, closed))
    else:
        bits = int(bits)

        def pad(length):
            return rc4_cryptoapi.DocumentRC4CryptoAPI.decrypt(
                password, salt, bits, io.BytesIO(bytes(length)), 1024
            ).read()

        name = "Microsoft Enhanced Cryptographic Provider v1.0\0".encode("utf-16-le")
        header = struct.pack("<IIIIIIII", 4, 0, 0x6801, 0x8004, bits, 1, 0, 0) + name
        both = verifier + hashlib.sha1(verifier).digest()
        both = bytes(a ^ b for a, b in zip(both, pad(36)))
        record = struct.pack("<HHHII", 1, 2, 2, 4, len(header)) + header
        record += struct.pack("<I", 16) + salt + both[:16] + struct.pack("<I", 20) + both[16:]
    extra = struct.pack("<HH", 0x2F, len(record)) + record
    whole = pad(len(stream) + len(extra)) if way != "xor" else None
    out, at, first = bytearray(), 0, True
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        content = bytearray(stream[at + 4 : at + 4 + length])
        at += 4 + length
        if (kind, length) == (0, 0):
            break
        clear = 0
        if kind == 0x85:
            content[:4] = struct.pack("<I", struct.unpack_from("<I", content)[0] + len(extra))
            clear = 4
        place = len(out) + 4
        if kind not in (0x0809, 0x00E1):
            for index in range(clear, length):
                if way == "xor":
                    turned = DocumentXOR.ror(content[index], 3, 8)
                    content[index] = turned ^ array[(place + index + length) % 16]
                else:
                    content[index] ^= whole[place + index]
        out += struct.pack("<HH", kind, length) + content
        if first:
            out += extra
            first = False
    # xlwt fills up with zeros, which must be whole records for msoffcrypto.
    rest = -len(out) % 4
    out += struct.pack("<HH", 0, rest) + bytes(rest)
    document = CompoundDoc.XlsDoc()
    document.save(target, bytes(out))


if way in ("xor", "rc4", "crypto"):
    book(way, *parameters)
else:
    with open(target, "wb") as file:
        file.write({"agile": agile, "standard": standard}[way](*parameters))

# What nobody else can open proves nothing.
with open(target, "rb") as file:
    opened = msoffcrypto.OfficeFile(file)
    opened.load_key(password=password)
    clear = io.BytesIO()
    opened.decrypt(clear)
clear = clear.getvalue()
if way in ("xor", "rc4", "crypto"):
    clear = OleFileIO(io.BytesIO(clear)).openstream("Workbook").read()
    assert MARK.encode() in clear, "msoffcrypto reads something else"
else:
    assert clear == plain, "msoffcrypto reads something else"
