//! ssdeep: context-triggered piecewise hashing.
//!
//! J. Kornblum, "Identifying almost identical files using context triggered piecewise
//! hashing", Digital Investigation 3S (2006). The digest equals what the `ssdeep`
//! program (2.14) prints, which knows the file's length beforehand; a test compares the
//! two. Written here because the complete implementation is under the GPL and the free
//! crates differ from the program on repetitive input.
//!
//! For each block size (3, 6, 12 ... bytes) a piece ends where a rolling hash of the last
//! seven bytes says so; each piece adds one character. Of a piece's hash only six bits are
//! used, so all block sizes' hashes fit in a vector of bytes and advance together.

/// Smallest block size, in bytes.
const BLOCK_BYTES_MIN: u64 = 3;
/// Characters of a digest.
const LENGTH: usize = 64;
/// Block sizes that the program knows.
const BLOCK_SIZES: usize = 31;
/// Bytes that the rolling hash looks at.
const WINDOW: usize = 7;
/// Low six bits of the FNV starting value 0x28021967.
const PIECE_START: u8 = 0x27;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Block sizes that advance in one vector.
const LANES: usize = 16;
/// Block sizes of which the digest of a usual file is made.
const USUAL: usize = 4;

/// The digest of `bytes`, as `ssdeep` prints it before the file's name.
pub(crate) fn digest(bytes: &[u8]) -> String {
    usual(bytes).unwrap_or_else(|| complete(bytes))
}

/// By four block sizes alone: by the file's length one of the lower three is the digest's, unless
/// the file repeats itself so much that none of them has pieces enough (`None`).
fn usual(bytes: &[u8]) -> Option<String> {
    let mut state = State::new(bytes.len() as u64);
    let first = (state.end_max + 1).checked_sub(USUAL).filter(|first| *first > 0)?;
    state.start = first;
    state.end = first + USUAL;
    state.mask = (1 << first) - 1;
    let mut rest = bytes;
    while !rest.is_empty() {
        rest = &rest[state.run_usual(first, rest)..];
    }
    let enough = state.blocks[state.chosen()].length >= LENGTH / 2;
    enough.then(|| state.finish())
}

/// By all block sizes that may count.
fn complete(bytes: &[u8]) -> String {
    let mut state = State::new(bytes.len() as u64);
    let mut rest = bytes;
    while !rest.is_empty() {
        // Lanes beyond the first half are at work in files of many megabytes only.
        let done = if state.end <= LANES {
            state.run::<LANES>(rest)
        } else {
            state.run::<{ 2 * LANES }>(rest)
        };
        rest = &rest[done..];
    }
    state.finish()
}

const fn block_bytes(index: usize) -> u64 {
    BLOCK_BYTES_MIN << index
}

/// What one block size has made so far.
#[derive(Clone, Copy)]
struct Block {
    /// Characters, the one at `length` being provisional (0: none).
    digest: [u8; LENGTH],
    length: usize,
    /// Provisional last character if the digest is cut at half its length (0: none).
    half_last: u8,
}

impl Block {
    const EMPTY: Self = Self { digest: [0; LENGTH], length: 0, half_last: 0 };
}

struct State {
    size: u64,
    roll: Roll,
    blocks: [Block; BLOCK_SIZES],
    /// Hash of the current piece, by block size; the low six bits count.
    full: [u8; 2 * LANES],
    /// The same, but no longer restarted once the digest is half full.
    half: [u8; 2 * LANES],
    /// Block sizes at work: `start..end`.
    start: usize,
    end: usize,
    /// Largest block size that can matter for this size of file.
    end_max: usize,
    /// Bits of the trigger that must be zero at block size `start`.
    mask: u32,
}

impl State {
    fn new(size: u64) -> Self {
        let mut end_max = 0;
        while end_max < BLOCK_SIZES - 2 && block_bytes(end_max) * (LENGTH as u64) < size {
            end_max += 1;
        }
        Self {
            size,
            roll: Roll::default(),
            blocks: [Block::EMPTY; BLOCK_SIZES],
            full: [PIECE_START; 2 * LANES],
            half: [PIECE_START; 2 * LANES],
            start: 0,
            end: 1,
            end_max: end_max + 1,
            mask: 0,
        }
    }

    /// Goes on to the next end of a piece, or to the end; how many bytes it took.
    fn run<const N: usize>(&mut self, bytes: &[u8]) -> usize {
        // In registers while nothing ends.
        let mut full: [u8; N] = std::array::from_fn(|lane| self.full[lane]);
        let mut half: [u8; N] = std::array::from_fn(|lane| self.half[lane]);
        let mut roll = self.roll;
        let mut done = 0;
        let mut ended = None;
        for byte in bytes {
            done += 1;
            roll.step(*byte);
            for hash in &mut full {
                *hash = times_prime(*hash) ^ byte;
            }
            for hash in &mut half {
                *hash = times_prime(*hash) ^ byte;
            }
            let trigger = roll.sum().wrapping_add(1);
            let blocks = trigger / BLOCK_BYTES_MIN as u32;
            // 2^32 - 1 is not -1 modulo 3, so a sum that wraps is no trigger.
            if blocks & self.mask == 0
                && trigger != 0
                && trigger.is_multiple_of(BLOCK_BYTES_MIN as u32)
            {
                ended = Some(blocks >> self.start);
                break;
            }
        }
        self.roll = roll;
        self.full[..N].copy_from_slice(&full);
        self.half[..N].copy_from_slice(&half);
        if let Some(blocks) = ended {
            self.end_pieces(blocks);
        }
        done
    }

    /// As [`State::run`] for [`USUAL`] block sizes from `first` on, whose hashes are the four
    /// quarters of a word: 63 * 19 has room in sixteen bits.
    fn run_usual(&mut self, first: usize, bytes: &[u8]) -> usize {
        const EACH: u64 = 0x0001_0001_0001_0001;
        const SIX_BITS: u64 = 63 * EACH;
        let together = |hashes: &[u8]| {
            hashes[first..first + USUAL]
                .iter()
                .rev()
                .fold(0, |word, hash| word << 16 | u64::from(*hash & 63))
        };
        let (mut full, mut half) = (together(&self.full), together(&self.half));
        let mut roll = self.roll;
        let mask = self.mask;
        let mut done = 0;
        let mut ended = None;
        for byte in bytes {
            done += 1;
            roll.step(*byte);
            let each = u64::from(byte & 63) * EACH;
            full = ((full & SIX_BITS) * 19) ^ each;
            half = ((half & SIX_BITS) * 19) ^ each;
            let trigger = roll.sum().wrapping_add(1);
            // 3 times a power of two: what is a multiple of it is one of the power, too, which
            // is cheaper to see.
            if trigger & mask == 0 && trigger != 0 && trigger.is_multiple_of(BLOCK_BYTES_MIN as u32)
            {
                ended = Some((trigger / BLOCK_BYTES_MIN as u32) >> self.start);
                break;
            }
        }
        self.roll = roll;
        for (lane, hash) in self.full[first..first + USUAL].iter_mut().enumerate() {
            *hash = (full >> (16 * lane)) as u8;
        }
        for (lane, hash) in self.half[first..first + USUAL].iter_mut().enumerate() {
            *hash = (half >> (16 * lane)) as u8;
        }
        if let Some(blocks) = ended {
            self.end_pieces(blocks);
        }
        done
    }

    /// A piece ends at block size `start`, and at each next one while the bits allow.
    fn end_pieces(&mut self, mut blocks: u32) {
        let mut index = self.start;
        loop {
            if self.blocks[index].length == 0 {
                self.begin_next_block_size();
            }
            let block = &mut self.blocks[index];
            block.digest[block.length] = character(self.full[index]);
            block.half_last = character(self.half[index]);
            if block.length < LENGTH - 1 {
                block.length += 1;
                block.digest[block.length] = 0;
                self.full[index] = PIECE_START;
                if block.length < LENGTH / 2 {
                    self.half[index] = PIECE_START;
                    block.half_last = 0;
                }
            } else {
                self.retire_smallest_block_size();
            }
            index += 1;
            if blocks & 1 == 1 || index >= self.end {
                return;
            }
            blocks >>= 1;
        }
    }

    /// A larger block size starts when the one below has its first piece: until then the
    /// two are the same.
    fn begin_next_block_size(&mut self) {
        if self.end <= self.end_max {
            self.full[self.end] = self.full[self.end - 1];
            self.half[self.end] = self.half[self.end - 1];
            self.blocks[self.end] = Block::EMPTY;
            self.end += 1;
        }
    }

    /// The smallest block size is full: leave it if the file is too large for it anyway.
    fn retire_smallest_block_size(&mut self) {
        if self.end - self.start < 2
            || block_bytes(self.start) * LENGTH as u64 >= self.size
            || self.blocks[self.start + 1].length < LENGTH / 2
        {
            return;
        }
        self.start += 1;
        self.mask = self.mask * 2 + 1;
    }

    /// The block size that is the digest's.
    fn chosen(&self) -> usize {
        let mut index = self.start;
        while block_bytes(index) * (LENGTH as u64) < self.size {
            index += 1;
        }
        index = index.min(self.end - 1);
        while index > self.start && self.blocks[index].length < LENGTH / 2 {
            index -= 1;
        }
        index
    }

    fn finish(&self) -> String {
        let index = self.chosen();
        let mut text = format!("{}:", block_bytes(index));
        let mut push = |characters: &[u8], last: u8| {
            text.extend(characters.iter().map(|c| char::from(*c)));
            if last != 0 {
                text.push(char::from(last));
            }
            text.push(':');
        };
        // After the last trigger there is a rest, unless the file ends in zeros.
        let rest = self.roll.sum() != 0;
        let block = &self.blocks[index];
        let last = if rest { character(self.full[index]) } else { block.digest[block.length] };
        push(&block.digest[..block.length], last);
        if index + 1 < self.end {
            let double = &self.blocks[index + 1];
            let last = if rest { character(self.half[index + 1]) } else { double.half_last };
            push(&double.digest[..double.length.min(LENGTH / 2 - 1)], last);
        } else {
            push(&[], if rest { character(self.full[index]) } else { 0 });
        }
        text.pop();
        text
    }
}

/// Times the FNV prime 0x01000193, whose low six bits are 19. In additions, which exist
/// for vectors of bytes.
#[inline]
const fn times_prime(hash: u8) -> u8 {
    let two = hash.wrapping_add(hash);
    let four = two.wrapping_add(two);
    let eight = four.wrapping_add(four);
    eight.wrapping_add(eight).wrapping_add(two).wrapping_add(hash)
}

const fn character(hash: u8) -> u8 {
    ALPHABET[(hash & 63) as usize]
}

/// The rolling hash of the last seven bytes.
#[derive(Clone, Copy, Default)]
struct Roll {
    /// Those bytes, the last one lowest.
    window: u64,
    sum: u32,
    weighted: u32,
    shifted: u32,
}

impl Roll {
    #[inline]
    fn step(&mut self, byte: u8) {
        let new = u32::from(byte);
        let old = (self.window >> (8 * (WINDOW - 1))) as u8;
        self.weighted = self.weighted.wrapping_sub(self.sum).wrapping_add(WINDOW as u32 * new);
        self.sum = self.sum.wrapping_add(new).wrapping_sub(u32::from(old));
        self.window = self.window << 8 | u64::from(byte);
        self.shifted = (self.shifted << 5) ^ new;
    }

    #[inline]
    fn sum(&self) -> u32 {
        self.sum.wrapping_add(self.weighted).wrapping_add(self.shifted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Bytes of which pieces repeat, so that some block sizes have few ends or the same ones.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let piece = (prop::collection::vec(any::<u8>(), 1..300), 1usize..200);
        prop::collection::vec(piece, 1..20).prop_map(|pieces| {
            pieces.into_iter().flat_map(|(bytes, times)| bytes.repeat(times)).collect()
        })
    }

    proptest! {
        #[test]
        fn four_block_sizes_make_what_all_make(bytes in bytes()) {
            if let Some(quick) = usual(&bytes) {
                prop_assert_eq!(quick, complete(&bytes));
            }
        }
    }

    #[test]
    fn a_usual_file_needs_four_block_sizes_and_a_monotonous_one_more() {
        let mut state = 1u32;
        let varied: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .take(100_000)
        .collect();
        assert_eq!(usual(&varied), Some(complete(&varied)));
        assert_eq!(usual(&vec![7; 100_000]), None);
    }
}
