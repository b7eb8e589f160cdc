//! The NRV methods of UPX, after the decompressors of the UCL library (`n2b_d.c`, `n2d_d.c`,
//! `n2e_d.c`, `getbit.h`).

/// Which of the three methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    B,
    D,
    E,
}

/// Bits come in units of this many bytes, little-endian, from the top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Byte,
    Half,
    Word,
}

/// Unpacks to at most `max` bytes. What is broken is kept until there; the second value
/// says whether the end was met.
pub(super) fn unpack(packed: &[u8], method: Method, unit: Unit, max: usize) -> (Vec<u8>, bool) {
    let mut state = State { packed, at: 0, unit, bits: 0, left: 0, out: Vec::new(), max };
    let ended = state.run(method).is_some();
    (state.out, ended)
}

struct State<'a> {
    packed: &'a [u8],
    at: usize,
    unit: Unit,
    bits: u32,
    left: u32,
    out: Vec<u8>,
    max: usize,
}

impl State<'_> {
    fn byte(&mut self) -> Option<u32> {
        let byte = *self.packed.get(self.at)?;
        self.at += 1;
        Some(byte.into())
    }

    fn bit(&mut self) -> Option<u32> {
        if self.left == 0 {
            let count = match self.unit {
                Unit::Byte => 1,
                Unit::Half => 2,
                Unit::Word => 4,
            };
            self.bits = 0;
            for index in 0..count {
                self.bits |= self.byte()? << (8 * index);
            }
            self.left = 8 * count;
        }
        self.left -= 1;
        Some(self.bits >> self.left & 1)
    }

    /// `value` with one bit more; an overflow is a broken stream.
    fn grown(&mut self, value: u32) -> Option<u32> {
        value.checked_mul(2)?.checked_add(self.bit()?)
    }

    /// A length of any size: bits alternate with "it goes on".
    fn long(&mut self) -> Option<u32> {
        let mut length = 1;
        loop {
            length = self.grown(length)?;
            if self.bit()? == 1 {
                return Some(length);
            }
        }
    }

    fn run(&mut self, method: Method) -> Option<()> {
        let mut last = 1u32;
        loop {
            while self.bit()? == 1 {
                if self.out.len() >= self.max {
                    return None;
                }
                let byte = self.byte()? as u8;
                self.out.push(byte);
            }
            let mut distance = 1u32;
            loop {
                distance = self.grown(distance)?;
                if self.bit()? == 1 {
                    break;
                }
                if method != Method::B {
                    distance = self.grown(distance - 1)?;
                }
            }
            let mut length = 0;
            if distance == 2 {
                distance = last;
                if method != Method::B {
                    length = self.bit()?;
                }
            } else {
                let low = self.byte()?;
                distance = distance.wrapping_sub(3).wrapping_mul(256).wrapping_add(low);
                if distance == u32::MAX {
                    return Some(());
                }
                if method != Method::B {
                    length = !distance & 1;
                    distance >>= 1;
                }
                distance = distance.checked_add(1)?;
                last = distance;
            }
            length = self.length(method, length)?;
            length += u32::from(distance > if method == Method::B { 0xd00 } else { 0x500 });
            self.copy(distance as usize, length as usize + 1)?;
        }
    }

    fn length(&mut self, method: Method, first: u32) -> Option<u32> {
        match method {
            Method::B => {
                let high = self.bit()?;
                let length = self.grown(high)?;
                if length == 0 { self.long()?.checked_add(2) } else { Some(length) }
            }
            Method::D => {
                let length = self.grown(first)?;
                if length == 0 { self.long()?.checked_add(2) } else { Some(length) }
            }
            Method::E if first == 1 => Some(1 + self.bit()?),
            Method::E => {
                if self.bit()? == 1 {
                    Some(3 + self.bit()?)
                } else {
                    self.long()?.checked_add(3)
                }
            }
        }
    }

    fn copy(&mut self, distance: usize, length: usize) -> Option<()> {
        let from = self.out.len().checked_sub(distance)?;
        if length > self.max.saturating_sub(self.out.len()) {
            return None;
        }
        for index in from..from + length {
            let byte = *self.out.get(index)?;
            self.out.push(byte);
        }
        Some(())
    }
}
