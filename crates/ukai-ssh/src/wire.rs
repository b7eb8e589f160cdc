//! The data types of RFC 4251 section 5, read from and written to bytes.

use num_bigint_dig::BigUint;

/// Reads from the front; `None` says that the peer sent too little.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(front)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }

    pub(crate) fn bool(&mut self) -> Option<bool> {
        self.u8().map(|byte| byte != 0)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        let bytes = self.take(4)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?))
    }

    pub(crate) fn string(&mut self) -> Option<&'a [u8]> {
        let count = self.u32()?;
        self.take(usize::try_from(count).ok()?)
    }

    /// A number that is not negative.
    pub(crate) fn mpint(&mut self) -> Option<BigUint> {
        let bytes = self.string()?;
        if bytes.first().is_some_and(|first| first & 0x80 != 0) {
            return None;
        }
        Some(BigUint::from_bytes_be(bytes))
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Appends to bytes.
pub(crate) trait Put {
    fn put_bool(&mut self, value: bool);
    fn put_int(&mut self, value: u32);
    fn put_string(&mut self, bytes: &[u8]);
    fn put_mpint(&mut self, big_endian: &[u8]);
}

impl Put for Vec<u8> {
    fn put_bool(&mut self, value: bool) {
        self.push(u8::from(value));
    }

    fn put_int(&mut self, value: u32) {
        self.extend_from_slice(&value.to_be_bytes());
    }

    fn put_string(&mut self, bytes: &[u8]) {
        self.put_int(bytes.len() as u32);
        self.extend_from_slice(bytes);
    }

    fn put_mpint(&mut self, big_endian: &[u8]) {
        let zeros = big_endian.iter().take_while(|byte| **byte == 0).count();
        let digits = &big_endian[zeros..];
        if digits.first().is_some_and(|first| first & 0x80 != 0) {
            self.put_int(digits.len() as u32 + 1);
            self.push(0);
            self.extend_from_slice(digits);
        } else {
            self.put_string(digits);
        }
    }
}
