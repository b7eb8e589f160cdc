//! LZO1X, as firmware's file systems have it, after the kernel's description of the stream
//! (`Documentation/staging/lzo.rst`). The crates for it panic on broken streams, or their
//! licence does not go with ours.

/// Unpacks up to `max` bytes; what is broken is kept until there.
pub(super) fn decompress(packed: &[u8], max: usize) -> Vec<u8> {
    let mut decoder = Decoder { packed, at: 0, out: Vec::new(), max };
    // None: the end of the stream, a broken one, or no more room.
    let _ = decoder.run();
    decoder.out
}

struct Decoder<'a> {
    packed: &'a [u8],
    at: usize,
    out: Vec<u8>,
    max: usize,
}

impl Decoder<'_> {
    fn byte(&mut self) -> Option<usize> {
        let byte = *self.packed.get(self.at)?;
        self.at += 1;
        Some(byte.into())
    }

    fn half(&mut self) -> Option<usize> {
        Some(self.byte()? | self.byte()? << 8)
    }

    /// A length that does not fit into its bits: zeros count 255 each, what follows counts
    /// itself.
    fn long(&mut self, base: usize) -> Option<usize> {
        let mut length = base;
        loop {
            match self.byte()? {
                0 => length += 255,
                last => return Some(length + last),
            }
        }
    }

    /// Bytes that stand in the stream as they are.
    fn literals(&mut self, count: usize) -> Option<()> {
        let room = count.min(self.max - self.out.len());
        let rest = self.packed.get(self.at..)?;
        self.out.extend_from_slice(&rest[..rest.len().min(room)]);
        self.at = self.at.checked_add(count)?;
        (room == count && rest.len() >= count).then_some(())
    }

    /// Bytes from `distance` before the end.
    fn copy(&mut self, distance: usize, count: usize) -> Option<()> {
        let from = self.out.len().checked_sub(distance).filter(|_| distance > 0)?;
        let room = count.min(self.max - self.out.len());
        for index in 0..room {
            self.out.push(self.out[from + index]);
        }
        (room == count).then_some(())
    }

    fn run(&mut self) -> Option<()> {
        // How many literals the last instruction copied: 0, 1 to 3, or 4 and more.
        let mut state = 0;
        if let first @ 18.. = *self.packed.first()? {
            self.at = 1;
            let count = usize::from(first) - 17;
            self.literals(count)?;
            state = count.min(4);
        }
        loop {
            let code = self.byte()?;
            let (distance, count, follow) = match code {
                0..16 if state == 0 => {
                    let count = if code == 0 { self.long(18)? } else { code + 3 };
                    self.literals(count)?;
                    state = 4;
                    continue;
                }
                0..16 => {
                    let high = self.byte()?;
                    let (base, count) = if state == 4 { (2049, 3) } else { (1, 2) };
                    ((high << 2) + (code >> 2) + base, count, code & 3)
                }
                16..32 => {
                    let count = match code & 7 {
                        0 => self.long(9)?,
                        low => low + 2,
                    };
                    let low = self.half()?;
                    let distance = 16384 + ((code & 8) << 11) + (low >> 2);
                    if distance == 16384 {
                        return Some(());
                    }
                    (distance, count, low & 3)
                }
                32..64 => {
                    let count = match code & 31 {
                        0 => self.long(33)?,
                        low => low + 2,
                    };
                    let low = self.half()?;
                    ((low >> 2) + 1, count, low & 3)
                }
                64..128 => {
                    let high = self.byte()?;
                    ((high << 3) + (code >> 2 & 7) + 1, 3 + (code >> 5 & 1), code & 3)
                }
                _ => {
                    let high = self.byte()?;
                    ((high << 3) + (code >> 2 & 7) + 1, 5 + (code >> 5 & 3), code & 3)
                }
            };
            self.copy(distance, count)?;
            self.literals(follow)?;
            state = follow;
        }
    }
}
