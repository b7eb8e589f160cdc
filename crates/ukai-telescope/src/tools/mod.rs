//! With which tool a source scans. A packet alone proves little: a mark of 16 bits is hit by
//! chance once in 65,536 packets. So marks are counted for a source, and a tool is named when
//! they make up a share of its packets that chance cannot.
//!
//! Rules are those of the tools' sources; each is tested against the real tool
//! (`tests/tools`).

mod marks;

pub(crate) use marks::{Head, Marks, mark_segment, marks};

use serde::{Serialize, Serializer};

/// A tool that sends packets of its own, or the sockets of a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tool {
    /// ZMap, of any version.
    Zmap,
    /// masscan.
    Masscan,
    /// nmap, with raw packets.
    Nmap,
    /// Mirai and what descends from it.
    Mirai,
    /// unicornscan.
    Unicornscan,
    /// hping3.
    Hping,
    /// Scapy, as it builds a SYN by default.
    Scapy,
    /// The sockets of Linux, or of another system with its order of options.
    Linux,
    /// The sockets of Windows.
    Windows,
}

/// How many there are.
const TOOLS: usize = 9;

const ALL: [Tool; TOOLS] = [
    Tool::Zmap,
    Tool::Masscan,
    Tool::Nmap,
    Tool::Mirai,
    Tool::Unicornscan,
    Tool::Hping,
    Tool::Scapy,
    Tool::Linux,
    Tool::Windows,
];

impl Tool {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zmap => "zmap",
            Self::Masscan => "masscan",
            Self::Nmap => "nmap",
            Self::Mirai => "mirai",
            Self::Unicornscan => "unicornscan",
            Self::Hping => "hping3",
            Self::Scapy => "scapy",
            Self::Linux => "linux-sockets",
            Self::Windows => "windows-sockets",
        }
    }
}

impl Serialize for Tool {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// How many packets of a source bear a tool's mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ToolCount {
    /// The tool.
    pub tool: Tool,
    /// Packets with its mark.
    pub packets: u32,
}

/// The tools that a packet's mark alone stands for, by the marks' bits.
const MARKED: [Tool; 7] =
    [Tool::Zmap, Tool::Masscan, Tool::Mirai, Tool::Hping, Tool::Scapy, Tool::Linux, Tool::Windows];

/// Marked packets that a tool is named for at least.
const PACKETS_MIN: u32 = 2;

/// A tool's packets make up at least this part of a source's probes: one in so many.
const SHARE_MIN: u32 = 16;

/// What a packet tells about its sender's tool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signs {
    /// Marks of the packet alone.
    pub(crate) marks: Marks,
    /// TCP's number, or ICMP's identifier and number.
    pub(crate) seq: u32,
    /// Source port and destination port.
    pub(crate) ports: u32,
    /// IPv4: the destination.
    pub(crate) dst: u32,
}

/// What the packets of one source told.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Evidence {
    last: Signs,
    probes: u32,
    counts: [u32; TOOLS],
    /// Whether the last packet counts for a tool that is known by pairs.
    last_paired: Option<Tool>,
}

impl Evidence {
    pub(crate) const fn new() -> Self {
        let last = Signs { marks: Marks(0), seq: 0, ports: 0, dst: 0 };
        Self { counts: [0; TOOLS], probes: 0, last, last_paired: None }
    }

    /// Counts a probe.
    #[inline]
    pub(crate) fn add(&mut self, signs: Signs) {
        self.probes = self.probes.saturating_add(1);
        let pair = self.pair(&signs);
        let mut marked = signs.marks.0 & Marks::ALONE;
        if pair == Some(Tool::Nmap) {
            // Over IPv6 masscan has no mark but its form, which nmap's packets have too.
            marked &= !Marks::MASSCAN.0;
        }
        while marked != 0 {
            self.count(MARKED[marked.trailing_zeros() as usize], 1);
            marked &= marked - 1;
        }
        if let Some(tool) = pair {
            // The first of a row is known by the second.
            self.count(tool, 1 + u32::from(self.last_paired != Some(tool)));
        }
        self.last_paired = pair;
        self.last = signs;
    }

    fn count(&mut self, tool: Tool, packets: u32) {
        self.counts[tool as usize] = self.counts[tool as usize].saturating_add(packets);
    }

    /// The tool that two packets in a row betray.
    fn pair(&self, signs: &Signs) -> Option<Tool> {
        let both = |mark| signs.marks.has(mark) && self.last.marks.has(mark);
        let seq = signs.seq ^ self.last.seq;
        // nmap's numbers are a key of the run, with a word of 16 bits in both halves
        // (scan_engine_raw.cc, `seq32_encode`).
        if both(Marks::NMAP_SHAPE) && seq >> 16 == seq & 0xffff {
            return Some(Tool::Nmap);
        }
        // hping3 counts up in the byte order of the machine: seen from outside by 256.
        if both(Marks::BARE_ECHO)
            && seq >> 16 == 0
            && signs.seq & 0xff == self.last.seq & 0xff
            && (signs.seq as u16).swap_bytes()
                == (self.last.seq as u16).swap_bytes().wrapping_add(1)
        {
            return Some(Tool::Hping);
        }
        if both(Marks::SYN_V4) && signs.ports != self.last.ports {
            // unicornscan's TCPHASHTRACK(key, target, target's port, own port): the target as
            // it stands in memory, which is the other way round on little-endian machines. In
            // the listener's terms the target is the source, hence the other readings met in
            // papers; key and own address cancel each other out.
            let ports = (signs.ports ^ self.last.ports).rotate_left(16);
            let dst = signs.dst ^ self.last.dst;
            let plain = signs.ports ^ self.last.ports;
            if [dst.swap_bytes() ^ ports, dst ^ ports, plain, ports].contains(&seq) {
                return Some(Tool::Unicornscan);
            }
        }
        None
    }

    /// The tools whose marks chance does not explain, the most frequent first.
    pub(crate) fn tools(&self) -> Vec<ToolCount> {
        let mut tools: Vec<_> = ALL
            .into_iter()
            .map(|tool| ToolCount { tool, packets: self.counts[tool as usize] })
            .filter(|count| {
                count.packets >= PACKETS_MIN
                    && u64::from(count.packets) * u64::from(SHARE_MIN) >= u64::from(self.probes)
            })
            .collect();
        tools.sort_by_key(|count| (std::cmp::Reverse(count.packets), count.tool));
        tools
    }
}

#[cfg(test)]
mod tests;
