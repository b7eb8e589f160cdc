//! Work that looks like a pool's: well-formed for the miner, and on top of no block that is.

use crate::chance::Chance;
use crate::wire::hex;
use serde_json::{Value, json};
use ukai_model::Timestamp;

/// Difficulty of Bitcoin's shares: a CPU finds one now and then.
pub(super) const BITCOIN_DIFFICULTY: f64 = 0.01;
/// Difficulty of Monero's shares: a processor finds one in some seconds.
const MONERO_DIFFICULTY: u32 = 10_000;

/// The number of a pool's jobs, and what they are drawn from.
pub(super) struct Jobs {
    seed: u64,
    number: u64,
}

impl Jobs {
    pub(super) const fn new(seed: u64) -> Self {
        Self { seed, number: 0 }
    }

    /// The next job's own chance, and its name.
    fn next(&mut self) -> (Chance, String) {
        self.number += 1;
        let mut chance = Chance::new(self.seed, &format!("job {}", self.number));
        let name = format!("{:x}", chance.number() & 0xffff_ffff | 1 << 28);
        (chance, name)
    }

    /// Bitcoin's `mining.notify`: id, previous block, both halves of the coinbase around the
    /// extra nonces (eight bytes), branch, version, bits, time, and whether older jobs end.
    pub(super) fn bitcoin(&mut self, now: Timestamp, fresh: bool) -> Value {
        const TAG: &[u8] = b"/pool/";
        let (mut chance, name) = self.next();
        let height = 870_000 + (now.secs().saturating_sub(1_731_000_000) / 600) as u32;
        let height = height.to_le_bytes();
        let script = 4 + 5 + 8 + TAG.len();
        let mut first = vec![1, 0, 0, 0, 1];
        first.extend([0; 32]);
        first.extend([0xff; 4]);
        first.extend([script as u8, 3, height[0], height[1], height[2], 4]);
        first.extend((now.secs() as u32).to_le_bytes());
        let mut second = TAG.to_vec();
        second.extend([0xff; 4]);
        second.push(1);
        second.extend(312_500_000_u64.to_le_bytes());
        second.extend([0x19, 0x76, 0xa9, 0x14]);
        second.extend(random(&mut chance, 20));
        second.extend([0x88, 0xac, 0, 0, 0, 0]);
        // Words of four bytes stand swapped, so the zeros that a block's hash begins with are
        // at the end.
        let mut previous = random(&mut chance, 24);
        previous.extend([0; 8]);
        let branch: Vec<String> = (0..11).map(|_| hex(&random(&mut chance, 32))).collect();
        json!([
            name,
            hex(&previous),
            hex(&first),
            hex(&second),
            branch,
            "20000000",
            "17034219",
            format!("{:08x}", now.secs() as u32),
            fresh,
        ])
    }

    /// XMRig's job: a block's header of 76 bytes with the nonce at 39.
    pub(super) fn monero(&mut self, now: Timestamp, algorithm: &str) -> Value {
        let (mut chance, name) = self.next();
        let mut blob = vec![16, 16];
        let mut time = now.secs();
        while time >= 0x80 {
            blob.push(time as u8 | 0x80);
            time >>= 7;
        }
        blob.push(time as u8);
        blob.extend(random(&mut chance, 32));
        blob.extend([0; 4]);
        blob.extend(random(&mut chance, 32));
        blob.push(chance.between(5, 90) as u8);
        let height = 3_270_000 + now.secs().saturating_sub(1_730_000_000) / 120;
        // The seed of RandomX changes every 2,048 blocks.
        let mut seed = Chance::new(height / 2_048, "randomx");
        json!({
            "blob": hex(&blob),
            "job_id": name,
            "target": hex(&(u32::MAX / MONERO_DIFFICULTY).to_le_bytes()),
            "algo": algorithm,
            "height": height,
            "seed_hash": hex(&random(&mut seed, 32)),
        })
    }

    /// `eth_getWork`'s three values: header, seed, boundary.
    pub(super) fn ethereum(&mut self) -> [String; 3] {
        let (mut chance, _) = self.next();
        let header = hex(&random(&mut chance, 32));
        let mut seed = Chance::new(self.seed, "epoch");
        // One share in 2^32 hashes, as pools had it.
        let boundary = format!("00000000{}", "f".repeat(56));
        [
            format!("0x{header}"),
            format!("0x{}", hex(&random(&mut seed, 32))),
            format!("0x{boundary}"),
        ]
    }
}

fn random(chance: &mut Chance, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        bytes.extend(chance.number().to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_767_323_045);

    fn bytes(text: &str) -> usize {
        assert!(text.chars().all(|c| c.is_ascii_hexdigit()), "{text}");
        text.len() / 2
    }

    #[test]
    fn the_coinbase_is_whole_around_the_nonces() {
        let job = Jobs::new(7).bitcoin(NOW, true);
        let text = |at: usize| job[at].as_str().expect("text");
        assert_eq!((bytes(text(1)), &text(1)[48..]), (32, "0000000000000000"));
        let first = text(2);
        let script = usize::from_str_radix(&first[82..84], 16).expect("a length");
        // What stands behind the script's length, eight bytes of nonces, and the pool's tag.
        assert_eq!(bytes(first) - 42 + 8 + 6, script);
        assert_eq!(bytes(text(3)), 6 + 4 + 1 + 8 + 26 + 4);
        assert_eq!(job[7], "695735a5");
    }

    #[test]
    fn the_blob_has_its_nonce_where_miners_write_it() {
        let mut jobs = Jobs::new(7);
        let job = jobs.monero(NOW, "rx/0");
        let blob = job["blob"].as_str().expect("text");
        assert_eq!((bytes(blob), &blob[78..86]), (76, "00000000"));
        assert_eq!(job["target"], "b88d0600");
        assert_ne!(jobs.monero(NOW, "rx/0")["job_id"], job["job_id"]);
        for value in jobs.ethereum() {
            assert_eq!(bytes(&value[2..]), 32);
        }
    }
}
