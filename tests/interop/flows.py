"""Records per minute as Parquet, read by Arrow's reader and by DuckDB: they say what the lines of
JSON say, and sums stay right where a flood has used up the records.

usage: flows.py UKAI"""

import ipaddress
import json
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow
import pyarrow.parquet

BEGINS = 1_767_225_600
RECORDS_MAX = 100
FLOOD = 5_000


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def syn(src, dst, port):
    src, dst = (ipaddress.ip_address(one).packed for one in (src, dst))
    tcp = struct.pack("!HHIIBBHHH", 40_000, port, 7, 0, 0x50, 2, 1024, 0, 0)
    pseudo = src + dst + struct.pack("!II", len(tcp), 6)
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    if len(src) == 16:
        return struct.pack("!IHBB", 6 << 28, len(tcp), 6, 60) + src + dst + tcp
    head = struct.pack("!BBHHHBBH", 0x45, 0, 40, 1, 0, 60, 6, 0) + src + dst
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + tcp


def capture():
    """Three quiet minutes of both versions of IP, and one with a flood."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 101)
    sent = 0
    for second in range(240):
        packets = [
            syn("203.0.113.7", f"198.18.{second % 4}.{second}", 23),
            syn("2001:db8:9::1", f"2001:db8:d::{second:x}", 443),
        ]
        if second == 200:
            packets += [syn(str(ipaddress.ip_address(0x2D000000 + n)), "198.18.0.1", 80) for n in range(FLOOD)]
        for packet in packets:
            out += struct.pack("<IIII", BEGINS + second, 0, len(packet), len(packet)) + packet
            sent += 1
    return out, sent


def lines(file):
    """What the lines of JSON say, as the columns of the table have it."""
    for line in file.read_text().splitlines():
        flow = json.loads(line)
        name, _, protocol = (flow["port"] or "any").partition("/")
        yield {
            "minute": datetime.fromisoformat(flow["minute"][:19] + "+00:00"),
            "src": flow["src"],
            "dst": flow["dst"],
            "protocol": protocol or name,
            "port": int(name) if protocol else None,
            **{key: flow[key] for key in ("group", "class", "packets", "bytes", "sources")},
        }


def counted(rows):
    return Counter(tuple(sorted((key, str(value)) for key, value in row.items())) for row in rows)


def main(ukai):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        content, sent = capture()
        (folder / "trace.pcap").write_bytes(content)
        (folder / "origins.csv").write_text("203.0.113.0/24,64496,JP\n")
        for name in ("flows.parquet", "flows.json"):
            subprocess.run(
                [ukai, "telescope", "read", folder / "trace.pcap", "--flows", folder / name,
                 "--flows-max", str(RECORDS_MAX), "--origins", folder / "origins.csv", "--json"],
                check=True, stdout=subprocess.DEVNULL)
        table = pyarrow.parquet.read_table(folder / "flows.parquet")
        assert table.schema.field("minute").type == pyarrow.timestamp("ms", tz="UTC"), table.schema
        assert table.schema.field("src").type == pyarrow.string(), table.schema
        rows = table.to_pylist()
        expected = list(lines(folder / "flows.json"))
        # Which of the flood's sources find room is not the same each time.
        steady = lambda rows: counted(row for row in rows if row["src"] is None or not row["src"].startswith("45."))
        plain = [{key: row[key] for key in expected[0]} for row in rows]
        together = [row for row in plain if row["src"] is None]
        estimates = {row["sources"] for row in together + [row for row in expected if row["src"] is None]}
        for row in plain + expected:
            row["sources"] = 1 if row["src"] else None
        assert steady(plain) == steady(expected), (steady(plain) - steady(expected), steady(expected) - steady(plain))
        assert len(plain) == len(expected), (len(plain), len(expected))
        for estimate in estimates:
            assert abs(estimate / (FLOOD - RECORDS_MAX) - 1) < 0.15, estimates
        assert sum(row["packets"] for row in plain) == sent, sent
        origins = {(row["country"], row["asn"]) for row in rows if row["src"] == "203.0.113.7"}
        assert origins == {("JP", 64496)}, origins
        query = f"""
            SELECT port, sum(packets), sum(bytes) FROM '{folder}/flows.parquet'
            WHERE "group" = 'scan' GROUP BY port ORDER BY port"""
        found = duckdb.sql(query).fetchall()
        assert found == [(23, 240, 240 * 40), (80, FLOOD, FLOOD * 40), (443, 240, 240 * 60)], found
        print(f"{len(rows)} records per minute are read by Arrow and DuckDB")


main(Path(sys.argv[1]))
