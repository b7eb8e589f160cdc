"""Clients of the kernel's TCP and UDP, against the services of endpoint.rs."""

import selectors
import socket
import sys
import threading

ADDRESSES = ("198.18.7.9", "2001:db8:5::77")
TEXT = bytes(((i * 31) >> 5) & 255 for i in range(4_000_000))


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def connect(address, port):
    stream = socket.socket(family(address))
    stream.settimeout(120)
    stream.connect((address, port))
    return stream


def read_all(stream):
    heard = bytearray()
    while part := stream.recv(1 << 20):
        heard += part
    return bytes(heard)


def expect(heard, wanted, what):
    if heard != wanted:
        sys.exit(f"{what}: {str(heard)[:200]} instead of {str(wanted)[:200]}")


def bulk(address):
    with connect(address, 19) as stream:
        expect(read_all(stream), TEXT, "what was sent to us")
    with connect(address, 9) as stream:
        stream.sendall(TEXT)
        stream.shutdown(socket.SHUT_WR)
        total = sum(byte * ((i + 1) % 251) for i, byte in enumerate(TEXT))
        expect(read_all(stream), f"{len(TEXT)} {total}\n".encode(), "the sum of what we sent")
    # Both ways at once, our side closed first.
    with connect(address, 7) as stream:
        heard = []
        reader = threading.Thread(target=lambda: heard.append(read_all(stream)))
        reader.start()
        stream.sendall(TEXT[:1_000_000])
        stream.shutdown(socket.SHUT_WR)
        reader.join()
        expect(heard[0], TEXT[:1_000_000], "the echo")


def refusals(address):
    try:
        connect(address, 4444)
        sys.exit("a closed port is open")
    except ConnectionRefusedError:
        pass
    with socket.socket(family(address), socket.SOCK_DGRAM) as datagrams:
        datagrams.settimeout(5)
        datagrams.connect((address, 7))
        datagrams.send(b"question")
        expect(datagrams.recv(100), b"question", "a datagram's echo")
        # Longer than the link takes: in fragments there. Now that we are known, back too.
        datagrams.send(b"q" * 4_000)
        expect(datagrams.recv(9_000), b"q" * 4_000, "the echo of a long datagram")
        datagrams.connect((address, 99))
        datagrams.send(b"x")
        try:
            datagrams.recv(10)
            sys.exit("a closed port answers")
        except ConnectionRefusedError:
            pass
    # A reset in the middle.
    stream = connect(address, 7)
    stream.send(b"x")
    stream.recv(1)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    stream.close()


def many(count):
    """So many connections, all open at once; then each says something and hears it."""
    streams = []
    waiting = selectors.DefaultSelector()
    for number in range(count):
        address = f"198.18.{number >> 8 & 255}.{number & 255}"
        stream = socket.socket()
        stream.setblocking(False)
        stream.connect_ex((address, 7))
        streams.append(stream)
        waiting.register(stream, selectors.EVENT_WRITE, number)
    left = count
    while left:
        events = waiting.select(30)
        if not events:
            sys.exit(f"{left} connections do not open")
        for key, _ in events:
            error = key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                sys.exit(f"connection {key.data}: error {error}")
            waiting.unregister(key.fileobj)
            left -= 1
    for number, stream in enumerate(streams):
        stream.setblocking(True)
        stream.settimeout(30)
        stream.sendall(b"%d" % number)
    for number, stream in enumerate(streams):
        expect(stream.recv(100), b"%d" % number, f"the echo of connection {number}")
        stream.close()


match sys.argv[1:]:
    case ["all"]:
        for each in ADDRESSES:
            bulk(each)
            refusals(each)
    case ["bulk"]:
        for each in ADDRESSES:
            bulk(each)
    case ["bulk", address]:
        bulk(address)
    case ["many", number]:
        many(int(number))
print("all is well")
