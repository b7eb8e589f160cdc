//! Inputs of the comparisons with reference tools: from random to very regular.

/// xorshift64, its upper half: the same as in `tests/interop/tlsh_golden.py`.
fn noise(length: usize, seed: u64) -> impl Iterator<Item = u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    })
    .take(length)
}

/// The input of a kind, seed and length.
pub(crate) fn make(kind: &str, seed: u64, length: usize) -> Vec<u8> {
    let data = noise(length, seed);
    match kind {
        "noise" => data.collect(),
        "few" => data.map(|byte| byte & 7).collect(),
        "text" => data.map(|byte| b"etaoin shrdlu\n.,"[usize::from(byte & 15)]).collect(),
        "period" => {
            let pattern: Vec<u8> = data.take(97 + seed as usize).collect();
            pattern.iter().copied().cycle().take(length).collect()
        }
        "sparse" => data.map(|byte| if byte < 8 { byte } else { 0 }).collect(),
        "zeros" => vec![0; length],
        "same" => vec![b'a'; length],
        "tail" => data.take(length / 2).chain(std::iter::repeat(0)).take(length).collect(),
        other => panic!("no such input: {other}"),
    }
}
