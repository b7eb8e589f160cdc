//! Fields as bytes, and enums of words made of them.

use crate::limits::{FRAME_BYTES_MAX, LIST_MAX};
use std::net::{IpAddr, SocketAddr};

/// What is left of a body.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }
}

/// What a word is made of.
pub(crate) trait Field: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(from: &mut Reader<'_>) -> Option<Self>;
}

macro_rules! numbers {
    ($($kind:ty),*) => {$(
        impl Field for $kind {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            fn take(from: &mut Reader<'_>) -> Option<Self> {
                from.array().map(Self::from_le_bytes)
            }
        }
    )*};
}
numbers!(u8, u16, u32, u64, i32);

impl Field for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn take(from: &mut Reader<'_>) -> Option<Self> {
        u8::take(from).map(|byte| byte != 0)
    }
}

impl<const N: usize> Field for [u8; N] {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
    fn take(from: &mut Reader<'_>) -> Option<Self> {
        from.array()
    }
}

impl Field for Vec<u8> {
    fn put(&self, out: &mut Vec<u8>) {
        let count = self.len().min(FRAME_BYTES_MAX);
        (count as u32).put(out);
        out.extend_from_slice(&self[..count]);
    }
    fn take(from: &mut Reader<'_>) -> Option<Self> {
        let count = u32::take(from)?;
        from.take(count as usize).map(<[u8]>::to_vec)
    }
}

impl Field for Vec<Vec<u8>> {
    fn put(&self, out: &mut Vec<u8>) {
        let count = self.len().min(LIST_MAX);
        (count as u16).put(out);
        for text in &self[..count] {
            text.put(out);
        }
    }
    fn take(from: &mut Reader<'_>) -> Option<Self> {
        let count = u16::take(from)?;
        if usize::from(count) > LIST_MAX {
            return None;
        }
        (0..count).map(|_| Vec::take(from)).collect()
    }
}

impl<T: Field> Field for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }
    fn take(from: &mut Reader<'_>) -> Option<Self> {
        if bool::take(from)? { T::take(from).map(Some) } else { Some(None) }
    }
}

impl Field for SocketAddr {
    fn put(&self, out: &mut Vec<u8>) {
        match self.ip() {
            IpAddr::V4(address) => {
                out.push(4);
                address.octets().put(out);
            }
            IpAddr::V6(address) => {
                out.push(6);
                address.octets().put(out);
            }
        }
        self.port().put(out);
    }
    fn take(from: &mut Reader<'_>) -> Option<Self> {
        let address = match u8::take(from)? {
            4 => IpAddr::from(<[u8; 4]>::take(from)?),
            6 => IpAddr::from(<[u8; 16]>::take(from)?),
            _ => return None,
        };
        Some(Self::new(address, u16::take(from)?))
    }
}

/// An enum of words: each with its number, for good.
macro_rules! words {
    (
        $(#[$about:meta])*
        pub enum $name:ident {
            $(
                $(#[$doc:meta])*
                $number:literal $word:ident { $( $(#[$field_doc:meta])* $field:ident: $kind:ty, )* },
            )*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name {
            $(
                $(#[$doc])*
                $word { $( $(#[$field_doc])* $field: $kind, )* },
            )*
        }

        impl $name {
            pub(crate) fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $( Self::$word { $($field,)* } => {
                        $crate::wire::Field::put(&($number as u16), out);
                        $( $crate::wire::Field::put($field, out); )*
                    } )*
                }
            }

            /// The word, or nothing where its number is not known or a field is missing.
            pub(crate) fn take(from: &mut $crate::wire::Reader<'_>) -> Option<Self> {
                let number = <u16 as $crate::wire::Field>::take(from)?;
                match number {
                    $( $number => Some(Self::$word {
                        $( $field: <$kind as $crate::wire::Field>::take(from)?, )*
                    }), )*
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use words;
