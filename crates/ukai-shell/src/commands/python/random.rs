//! `random`: the numbers that CPython gives for a seed, which programs hide their texts with.
//!
//! MT19937 (Matsumoto and Nishimura 1998), seeded and asked as CPython's `random.py` does it.

use super::builtins::{Named, by_name};
use super::run::{Done, Machine};
use super::value::{Native, Object, Value};
use num_bigint::BigInt;

const SIZE: usize = 624;

/// Generators of numbers that a program may have.
const GENERATORS_MAX: usize = 256;

/// The field of an object that says which generator is its own.
const GENERATOR: &str = "(generator)";

/// A generator of numbers.
pub(super) struct Twister {
    state: [u32; SIZE],
    at: usize,
}

impl Twister {
    fn of_number(seed: u32) -> Self {
        let mut state = [0u32; SIZE];
        state[0] = seed;
        for at in 1..SIZE {
            let before = state[at - 1];
            state[at] =
                1_812_433_253_u32.wrapping_mul(before ^ before >> 30).wrapping_add(at as u32);
        }
        Self { state, at: SIZE }
    }

    /// `init_by_array`
    fn new(key: &[u32]) -> Self {
        let mut own = Self::of_number(19_650_218);
        let key = if key.is_empty() { &[0][..] } else { key };
        let state = &mut own.state;
        let (mut i, mut j) = (1, 0);
        for _ in 0..SIZE.max(key.len()) {
            let before = state[i - 1] ^ state[i - 1] >> 30;
            state[i] = (state[i] ^ before.wrapping_mul(1_664_525))
                .wrapping_add(key[j])
                .wrapping_add(j as u32);
            i += 1;
            j += 1;
            if i >= SIZE {
                state[0] = state[SIZE - 1];
                i = 1;
            }
            if j >= key.len() {
                j = 0;
            }
        }
        for _ in 1..SIZE {
            let before = state[i - 1] ^ state[i - 1] >> 30;
            state[i] = (state[i] ^ before.wrapping_mul(1_566_083_941)).wrapping_sub(i as u32);
            i += 1;
            if i >= SIZE {
                state[0] = state[SIZE - 1];
                i = 1;
            }
        }
        state[0] = 0x8000_0000;
        own
    }

    fn next(&mut self) -> u32 {
        if self.at >= SIZE {
            for at in 0..SIZE {
                let mixed =
                    self.state[at] & 0x8000_0000 | self.state[(at + 1) % SIZE] & 0x7fff_ffff;
                let odd = if mixed & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[at] = self.state[(at + 397) % SIZE] ^ mixed >> 1 ^ odd;
            }
            self.at = 0;
        }
        let mut word = self.state[self.at];
        self.at += 1;
        word ^= word >> 11;
        word ^= word << 7 & 0x9d2c_5680;
        word ^= word << 15 & 0xefc6_0000;
        word ^ word >> 18
    }

    fn float(&mut self) -> f64 {
        let (a, b) = (self.next() >> 5, self.next() >> 6);
        (f64::from(a) * 67_108_864.0 + f64::from(b)) / 9_007_199_254_740_992.0
    }

    /// `getrandbits`, up to 127 of them.
    fn bits(&mut self, count: u32) -> i128 {
        let mut left = count.min(127);
        let (mut out, mut shift) = (0i128, 0);
        while left > 0 {
            let take = left.min(32);
            out |= i128::from(self.next() >> (32 - take)) << shift;
            shift += take;
            left -= take;
        }
        out
    }

    /// A number below another.
    fn below(&mut self, end: i128) -> i128 {
        if end <= 0 {
            return 0;
        }
        let count = 128 - end.leading_zeros();
        loop {
            let number = self.bits(count);
            if number < end {
                return number;
            }
        }
    }
}

impl Machine<'_> {
    /// The generator of an object of `random.Random`, or the module's own.
    fn generator(&mut self, of: Option<&Value>) -> usize {
        if self.generators.is_empty() {
            let seed = {
                let mut system = self.process.session.system();
                [rand::Rng::random(&mut system.rng), rand::Rng::random(&mut system.rng)]
            };
            self.generators.push(Twister::new(&seed));
        }
        let own = match of {
            Some(Value::Object(id)) => self.objects[*id].field(GENERATOR).and_then(Value::integer),
            _ => None,
        };
        own.and_then(|it| usize::try_from(it).ok())
            .filter(|it| *it < self.generators.len())
            .unwrap_or(0)
    }

    /// The words that a seed is.
    fn seed_words(value: &Value) -> Option<Vec<u32>> {
        let number = match value {
            Value::Str(_) | Value::Bytes(_) | Value::Array(_) => {
                let bytes = value.raw()?;
                let digest = super::library::digest("sha512", &bytes);
                BigInt::from_bytes_be(num_bigint::Sign::Plus, &[&bytes[..], &digest].concat())
            }
            // The hash of a whole number is that number.
            Value::Float(number) if number.fract() == 0.0 => BigInt::from(*number as i128),
            other => other.large()?,
        };
        Some(number.magnitude().to_u32_digits())
    }

    /// `random.name(arguments)`, of the module or of one of its objects.
    pub(super) async fn random(
        &mut self,
        of: Option<&Value>,
        name: &str,
        arguments: &[Value],
        named: &Named,
    ) -> Done<Value> {
        let at = self.generator(of);
        let number = |at: usize| arguments.get(at).and_then(Value::integer);
        let real = |at: usize| arguments.get(at).and_then(Value::number);
        let first = arguments.first().cloned().unwrap_or(Value::None);
        match name {
            "Random" | "SystemRandom" => {
                if self.generators.len() >= GENERATORS_MAX {
                    return Err(self.raise("MemoryError", ""));
                }
                self.costs(SIZE / 8, 0)?;
                let seed = match Self::seed_words(&first) {
                    Some(words) if name == "Random" => words,
                    _ => vec![self.generators[at].next(), self.generators[at].next()],
                };
                self.generators.push(Twister::new(&seed));
                let own = Value::Int(self.generators.len() as i128 - 1);
                self.object(Object::own("random.Random", Native::None).with(GENERATOR, own))
            }
            "seed" => {
                if let Some(words) = Self::seed_words(&first) {
                    self.costs(SIZE / 8, words.len())?;
                    self.generators[at] = Twister::new(&words);
                }
                Ok(Value::None)
            }
            "random" => Ok(Value::Float(self.generators[at].float())),
            "uniform" => {
                let (from, to) = (real(0).unwrap_or(0.0), real(1).unwrap_or(1.0));
                Ok(Value::Float(from + (to - from) * self.generators[at].float()))
            }
            "randint" => {
                let (from, to) = (number(0).unwrap_or(0), number(1).unwrap_or(1));
                let width = to.saturating_sub(from).saturating_add(1);
                Ok(Value::Int(from.saturating_add(self.generators[at].below(width))))
            }
            "randrange" => {
                let (from, to) = match number(1) {
                    Some(to) => (number(0).unwrap_or(0), to),
                    None => (0, number(0).unwrap_or(1)),
                };
                let step = number(2).unwrap_or(1).max(1);
                let width = to.saturating_sub(from);
                let count = width.saturating_add(step - 1) / step;
                let drawn = self.generators[at].below(count);
                Ok(Value::Int(from.saturating_add(step.saturating_mul(drawn))))
            }
            "getrandbits" => {
                let bits = u32::try_from(number(0).unwrap_or(1)).unwrap_or(127);
                Ok(Value::Int(self.generators[at].bits(bits)))
            }
            "randbytes" => {
                let count = usize::try_from(number(0).unwrap_or(0)).unwrap_or(0).min(65_536);
                self.costs(1, count)?;
                let mut bytes = Vec::with_capacity(count + 4);
                while bytes.len() < count {
                    let left = (count - bytes.len()).min(4) as u32;
                    let word = self.generators[at].next() >> (32 - 8 * left);
                    bytes.extend_from_slice(&word.to_le_bytes()[..left as usize]);
                }
                Ok(Value::Bytes(bytes.into()))
            }
            "choice" => {
                let items = self.items(&first).await?;
                if items.is_empty() {
                    let text = "Cannot choose from an empty sequence";
                    return Err(self.raise("IndexError", text));
                }
                let place = self.generators[at].below(items.len() as i128) as usize;
                Ok(items[place].clone())
            }
            "choices" => {
                let items = self.items(&first).await?;
                let count = by_name(named, "k").and_then(|it| it.integer()).unwrap_or(1);
                let count = usize::try_from(count).unwrap_or(0).min(65_536);
                self.costs(count, 0)?;
                let mut out = Vec::new();
                for _ in 0..count {
                    let place = (self.generators[at].float() * items.len() as f64) as usize;
                    out.extend(items.get(place).cloned());
                }
                self.list(out)
            }
            "shuffle" => {
                let mut items = self.items(&first).await?;
                for place in (1..items.len()).rev() {
                    let other = self.generators[at].below(place as i128 + 1) as usize;
                    items.swap(place, other);
                }
                match &first {
                    Value::List(id) => self.lists[*id] = items,
                    Value::Array(cells) => {
                        let byte = |it: &Value| it.integer().and_then(|it| u8::try_from(it).ok());
                        *super::value::held(cells) = items.iter().filter_map(byte).collect();
                    }
                    _ => {}
                }
                Ok(Value::None)
            }
            "sample" => {
                let items = self.items(&first).await?;
                let count = by_name(named, "k").and_then(|it| it.integer()).or(number(1));
                let count = usize::try_from(count.unwrap_or(0)).unwrap_or(0).min(items.len());
                let out = self.sample(at, items, count);
                self.list(out)
            }
            _ => Ok(Value::None),
        }
    }

    /// `random.sample`: from a pool, or with a set of what was taken where few of many are.
    fn sample(&mut self, at: usize, items: Vec<Value>, count: usize) -> Vec<Value> {
        let length = items.len();
        let mut size = 21.0;
        if count > 5 {
            size += 4f64.powf(((count * 3) as f64).log(4.0).ceil());
        }
        let mut out = Vec::with_capacity(count);
        if length as f64 <= size {
            let mut pool = items;
            for taken in 0..count {
                let place = self.generators[at].below((length - taken) as i128) as usize;
                out.push(pool[place].clone());
                pool[place] = pool[length - taken - 1].clone();
            }
            return out;
        }
        let mut known = std::collections::HashSet::new();
        while out.len() < count {
            let place = self.generators[at].below(length as i128) as usize;
            if known.insert(place) {
                out.push(items[place].clone());
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::Twister;

    #[test]
    fn numbers_are_those_of_cpython() {
        // `random.seed(1234); random.getrandbits(32)` and the next.
        let mut twister = Twister::new(&[1234]);
        let first = twister.float();
        assert!((first - 0.966_453_535_692_138_8).abs() < 1e-15, "{first}");
        // `init_genrand(5489)`: the 10,000th of the reference (C++'s `std::mt19937`).
        let mut twister = Twister::of_number(5489);
        let last = (0..10_000).map(|_| twister.next()).last();
        assert_eq!(last, Some(4_123_659_995));
    }
}
