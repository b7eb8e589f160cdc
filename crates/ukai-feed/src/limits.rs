//! The limits of feeds, in one place.

/// Elements of one `add element` command of nftables: one netlink message carries no
/// more than 64 KiB of them at once in old kernels.
pub const NFT_ELEMENTS_PER_COMMAND: usize = 500;
/// Longest domain name in text (RFC 1035, section 2.3.4), without the final dot.
pub const DOMAIN_BYTES_MAX: usize = 253;
/// Bytes of a name kept free for the name of the policy zone, which the operator chooses.
pub const RPZ_ZONE_NAME_BYTES: usize = 64;
/// Longest name that fits a policy zone, with the wildcard's two bytes before it.
pub const RPZ_NAME_BYTES_MAX: usize = DOMAIN_BYTES_MAX - RPZ_ZONE_NAME_BYTES - 2;
/// Notes on entries that were left out, in one rendering.
pub const NOTES_MAX: usize = 20;
