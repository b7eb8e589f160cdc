//! Short vectors of a lattice (Lenstra, Lenstra and Lovász, 1982), in few dimensions and with
//! numbers of 34 bits: floating point is exact enough for the decisions, the vectors
//! themselves are whole numbers.

/// Dimensions.
pub(super) const DIMENSIONS: usize = 8;

pub(super) type Vector = [i64; DIMENSIONS];

/// How much shorter a vector must be to change places.
const LOVASZ: f64 = 0.99;

/// Turns at most; a reduction of this size takes some hundreds.
const TURNS_MAX: usize = 20_000;

fn dot(a: &[f64; DIMENSIONS], b: &[f64; DIMENSIONS]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Makes the vectors of a basis short; the first is then about the shortest that there is.
pub(super) fn reduce(basis: &mut [Vector; DIMENSIONS]) {
    let mut orthogonal = Orthogonal::of(basis);
    let mut row = 1;
    for _ in 0..TURNS_MAX {
        if row >= DIMENSIONS {
            return;
        }
        orthogonal.update(basis, row);
        for other in (0..row).rev() {
            let times = orthogonal.share[row][other].round();
            if times != 0.0 {
                let subtracted = basis[other];
                for (value, less) in basis[row].iter_mut().zip(subtracted) {
                    *value -= times as i64 * less;
                }
                orthogonal.update(basis, row);
            }
        }
        let share = orthogonal.share[row][row - 1];
        let least = (LOVASZ - share * share) * orthogonal.squares[row - 1];
        if orthogonal.squares[row] >= least {
            row += 1;
        } else {
            basis.swap(row, row - 1);
            orthogonal.update(basis, row - 1);
            row = (row - 1).max(1);
        }
    }
}

/// What Gram and Schmidt make of a basis.
struct Orthogonal {
    vectors: [[f64; DIMENSIONS]; DIMENSIONS],
    squares: [f64; DIMENSIONS],
    share: [[f64; DIMENSIONS]; DIMENSIONS],
}

impl Orthogonal {
    fn of(basis: &[Vector; DIMENSIONS]) -> Self {
        let zeros = [[0.0; DIMENSIONS]; DIMENSIONS];
        let mut made = Self { vectors: zeros, squares: [0.0; DIMENSIONS], share: zeros };
        for row in 0..DIMENSIONS {
            made.update(basis, row);
        }
        made
    }

    /// Computes a row anew; those before it are right.
    fn update(&mut self, basis: &[Vector; DIMENSIONS], row: usize) {
        let vector = basis[row].map(|value| value as f64);
        let mut rest = vector;
        for other in 0..row {
            let share = dot(&vector, &self.vectors[other]) / self.squares[other];
            self.share[row][other] = share;
            for (value, less) in rest.iter_mut().zip(self.vectors[other]) {
                *value -= share * less;
            }
        }
        self.squares[row] = dot(&rest, &rest);
        self.vectors[row] = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::{DIMENSIONS, Vector, reduce};

    #[test]
    fn a_short_vector_that_was_hidden_is_found() {
        const MODULUS: i64 = 4_294_967_310;
        let hidden: Vector = [65_003, 80_123, 1_004, 70_001, 12_345, 99_999, 55_555, 31_337];
        // The first coordinate is made one.
        let factor = 2_147_000_129_i128;
        let scaled = hidden.map(|value| (i128::from(value) * factor % i128::from(MODULUS)) as i64);
        let first = crate::sweep::group::inverse(scaled[0] as u64, MODULUS as u64);
        let Some(first) = first else { panic!("{} has an inverse", scaled[0]) };
        let mut basis = [[0; DIMENSIONS]; DIMENSIONS];
        for (place, value) in scaled.iter().enumerate() {
            let product = i128::from(*value) * i128::from(first);
            basis[0][place] = (product % i128::from(MODULUS)) as i64;
            if place > 0 {
                basis[place][place] = MODULUS;
            }
        }
        reduce(&mut basis);
        let found = if basis[0][0] < 0 { basis[0].map(|value| -value) } else { basis[0] };
        assert_eq!(found, hidden);
    }
}
