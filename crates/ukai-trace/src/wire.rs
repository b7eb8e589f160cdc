//! How values become bytes and come back: one trait, and an enum with tags.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::limits::{PIECE_BYTES_MAX, TEXT_BYTES_MAX, TEXTS_BYTES_MAX, TEXTS_MAX};

/// Bytes that are not what they should be: shorter, longer, or with a value out of bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// A value with its bytes. What is written is within the limits, if need be by being cut;
/// what is read beyond them is malformed.
pub(crate) trait Wire: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(from: &mut &[u8]) -> Result<Self, Malformed>;
    /// Any value, from a source of numbers.
    #[cfg(test)]
    fn any(source: &mut dyn FnMut() -> u64) -> Self;
}

pub(crate) fn take_slice<'a>(from: &mut &'a [u8], count: usize) -> Result<&'a [u8], Malformed> {
    let (taken, rest) = from.split_at_checked(count).ok_or(Malformed)?;
    *from = rest;
    Ok(taken)
}

macro_rules! numbers {
    ($($number:ty),*) => { $(
        impl Wire for $number {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            fn take(from: &mut &[u8]) -> Result<Self, Malformed> {
                let (bytes, rest) = from.split_first_chunk().ok_or(Malformed)?;
                *from = rest;
                Ok(Self::from_le_bytes(*bytes))
            }
            #[cfg(test)]
            fn any(source: &mut dyn FnMut() -> u64) -> Self {
                source() as Self
            }
        }
    )* };
}
numbers!(u8, u16, u32, u64, i32);

impl Wire for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn take(from: &mut &[u8]) -> Result<Self, Malformed> {
        match u8::take(from)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }
    #[cfg(test)]
    fn any(source: &mut dyn FnMut() -> u64) -> Self {
        source() % 2 == 1
    }
}

/// A text or a piece. Texts are cut at their own, lower limit where they are made.
impl Wire for Vec<u8> {
    fn put(&self, out: &mut Vec<u8>) {
        let bytes = &self[..self.len().min(PIECE_BYTES_MAX)];
        (bytes.len() as u32).put(out);
        out.extend_from_slice(bytes);
    }
    fn take(from: &mut &[u8]) -> Result<Self, Malformed> {
        let count = u32::take(from)? as usize;
        if count > PIECE_BYTES_MAX {
            return Err(Malformed);
        }
        Ok(take_slice(from, count)?.to_vec())
    }
    #[cfg(test)]
    fn any(source: &mut dyn FnMut() -> u64) -> Self {
        let count = source() % 64;
        (0..count).map(|_| source() as u8).collect()
    }
}

impl Wire for Vec<Vec<u8>> {
    fn put(&self, out: &mut Vec<u8>) {
        let mut room = TEXTS_BYTES_MAX;
        let within: Vec<&[u8]> = self
            .iter()
            .take(TEXTS_MAX)
            .map(|text| &text[..text.len().min(TEXT_BYTES_MAX)])
            .take_while(|text| {
                let fits = text.len() <= room;
                room = room.saturating_sub(text.len());
                fits
            })
            .collect();
        (within.len() as u32).put(out);
        for text in within {
            (text.len() as u32).put(out);
            out.extend_from_slice(text);
        }
    }
    fn take(from: &mut &[u8]) -> Result<Self, Malformed> {
        let count = u32::take(from)? as usize;
        if count > TEXTS_MAX {
            return Err(Malformed);
        }
        let mut room = TEXTS_BYTES_MAX;
        // No memory is taken before bytes are there.
        let mut texts = Vec::new();
        for _ in 0..count {
            let text = Vec::<u8>::take(from)?;
            room = room.checked_sub(text.len()).ok_or(Malformed)?;
            if text.len() > TEXT_BYTES_MAX {
                return Err(Malformed);
            }
            texts.push(text);
        }
        Ok(texts)
    }
    #[cfg(test)]
    fn any(source: &mut dyn FnMut() -> u64) -> Self {
        let count = source() % 8;
        (0..count).map(|_| Vec::<u8>::any(source)).collect()
    }
}

impl Wire for [u8; 4] {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
    fn take(from: &mut &[u8]) -> Result<Self, Malformed> {
        u32::take(from).map(u32::to_le_bytes)
    }
    #[cfg(test)]
    fn any(source: &mut dyn FnMut() -> u64) -> Self {
        (source() as u32).to_le_bytes()
    }
}

impl Wire for SocketAddr {
    fn put(&self, out: &mut Vec<u8>) {
        match self.ip() {
            IpAddr::V4(ip) => {
                out.push(4);
                out.extend_from_slice(&ip.octets());
            }
            IpAddr::V6(ip) => {
                out.push(6);
                out.extend_from_slice(&ip.octets());
            }
        }
        self.port().put(out);
    }
    fn take(from: &mut &[u8]) -> Result<Self, Malformed> {
        let ip = match u8::take(from)? {
            4 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::take(from)?)),
            6 => {
                let octets = take_slice(from, 16)?.try_into().map_err(|_| Malformed)?;
                IpAddr::V6(Ipv6Addr::from_octets(octets))
            }
            _ => return Err(Malformed),
        };
        Ok(Self::new(ip, u16::take(from)?))
    }
    #[cfg(test)]
    fn any(source: &mut dyn FnMut() -> u64) -> Self {
        let ip: IpAddr = if bool::any(source) {
            Ipv4Addr::from_bits(source() as u32).into()
        } else {
            Ipv6Addr::from_bits(u128::from(source()) << 64 | u128::from(source())).into()
        };
        Self::new(ip, source() as u16)
    }
}

/// An enum whose variants have a tag and named fields.
macro_rules! tagged {
    (
        $(#[$about:meta])* $name:ident {
            $( $(#[$note:meta])* $tag:literal $variant:ident { $( $(#[$field_note:meta])* $field:ident: $type:ty ),* $(,)? } )*
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $( $(#[$note])* $variant { $( $(#[$field_note])* $field: $type ),* } ),*
        }

        impl crate::wire::Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $( Self::$variant { $( $field ),* } => {
                        out.push($tag);
                        $( $field.put(out); )*
                    } )*
                }
            }
            fn take(from: &mut &[u8]) -> Result<Self, crate::wire::Malformed> {
                match u8::take(from)? {
                    $( $tag => Ok(Self::$variant { $( $field: <$type>::take(from)? ),* }), )*
                    _ => Err(crate::wire::Malformed),
                }
            }
            #[cfg(test)]
            fn any(source: &mut dyn FnMut() -> u64) -> Self {
                let makers: &[fn(&mut dyn FnMut() -> u64) -> Self] = &[
                    $( |_source| Self::$variant { $( $field: <$type>::any(_source) ),* } ),*
                ];
                let chosen = source() as usize % makers.len();
                makers[chosen](source)
            }
        }
    };
}
pub(crate) use tagged;
