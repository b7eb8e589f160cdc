//! The record that Microsoft's linker leaves between the DOS stub and the headers.

use md5::Digest;

/// MD5 of the record, decrypted, as `pefile` computes it: from 0x80 to the word `Rich`,
/// XORed with the key behind it.
pub(super) fn hash(bytes: &[u8], header: usize) -> Option<String> {
    let head = &bytes[..header.checked_add(24)?.min(bytes.len())];
    let area = head.get(0x80..)?;
    let end = memchr::memmem::find(area, b"Rich")?;
    let words = area.as_chunks::<4>().0;
    let at = words.iter().position(|word| word == b"Rich")?;
    let key = words.get(at + 1)?;
    let raw = &area[..end];
    let clear: Vec<u8> = raw.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
    let start: Vec<u8> = words[0].iter().zip(words.get(1)?).map(|(a, b)| a ^ b).collect();
    (start == b"DanS").then(|| hex::encode(md5::Md5::digest(clear)))
}
