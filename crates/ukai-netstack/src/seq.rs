//! Numbers of bytes of a connection, which wrap (RFC 9293, 3.4).

/// Whether `a` comes before `b`.
pub(crate) const fn before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}

/// Whether `a` is `b` or comes before it.
pub(crate) const fn at_most(a: u32, b: u32) -> bool {
    !before(b, a)
}

/// The later of both.
pub(crate) const fn later(a: u32, b: u32) -> u32 {
    if before(a, b) { b } else { a }
}

/// How far `b` is behind `a`, which is not after it.
pub(crate) const fn distance(a: u32, b: u32) -> u32 {
    b.wrapping_sub(a)
}

#[cfg(test)]
mod tests {
    use super::{at_most, before, distance, later};

    #[test]
    fn order_survives_the_wrap() {
        let (a, b) = (u32::MAX - 1, 3);
        assert!(before(a, b) && !before(b, a) && !before(a, a));
        assert!(at_most(a, a) && at_most(a, b) && !at_most(b, a));
        assert_eq!((later(a, b), distance(a, b)), (b, 5));
    }
}
