//! Digests of a file, equal to the reference tools'.

mod ssdeep;

use sha2::Digest;
use ukai_model::Hashes;

/// All digests of `bytes`; `sha256` is known already. Without the `weak` ones MD5 and SHA-1 are
/// empty.
pub(crate) fn all(bytes: &[u8], sha256: &str, weak: bool) -> Hashes {
    let (md5, sha1) = if weak {
        (hex::encode(md5::Md5::digest(bytes)), hex::encode(sha1::Sha1::digest(bytes)))
    } else {
        Default::default()
    };
    Hashes {
        md5,
        sha1,
        sha256: sha256.to_owned(),
        ssdeep: Some(ssdeep::digest(bytes)),
        tlsh: tlsh(bytes),
        functions: None,
    }
}

/// TLSH with 128 buckets and one byte of checksum, as the `tlsh` program prints it;
/// `None` where that says `TNULL`.
pub(crate) fn tlsh(bytes: &[u8]) -> Option<String> {
    let digest = tlsh2::TlshDefaultBuilder::build_from(bytes)?;
    Some(digest.hash().iter().map(|c| char::from(*c)).collect())
}

/// Shannon entropy, 0 to 8 bits per byte.
pub(crate) fn entropy(bytes: &[u8]) -> f32 {
    // Four tables: successive equal bytes do not wait for each other's count.
    let mut counts = [[0u32; 256]; 4];
    let (chunks, rest) = bytes.as_chunks::<4>();
    for chunk in chunks {
        for (table, byte) in counts.iter_mut().zip(chunk) {
            table[usize::from(*byte)] += 1;
        }
    }
    for byte in rest {
        counts[0][usize::from(*byte)] += 1;
    }
    let total = bytes.len() as f64;
    let mut bits = 0.0;
    for value in 0..256 {
        let count: u64 = counts.iter().map(|table| u64::from(table[value])).sum();
        if count > 0 {
            let share = count as f64 / total;
            bits -= share * share.log2();
        }
    }
    bits.max(0.0) as f32
}

#[cfg(test)]
mod tests {
    use super::{all, entropy};

    #[test]
    fn digests_of_the_empty_file() {
        let hashes = all(b"", "e3b0", true);
        assert_eq!(hashes.md5, "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(hashes.sha1, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert_eq!(hashes.sha256, "e3b0");
        assert_eq!(hashes.ssdeep.as_deref(), Some("3::"));
        assert_eq!(hashes.tlsh, None);
    }

    #[test]
    fn entropy_of_the_extremes() {
        let every: Vec<u8> = (0..=255).collect();
        assert!((entropy(&every) - 8.0).abs() < 1e-6);
        assert!(entropy(b"aaaaa").abs() < 1e-6);
        assert!(entropy(b"").abs() < 1e-6);
    }
}
