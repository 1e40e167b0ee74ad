//! The values of one figure over its runs, and what is said of them.

/// One figure's values, in the order of the runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sample {
    values: Vec<f64>,
}

impl Sample {
    pub(crate) fn push(&mut self, value: f64) {
        self.values.push(value);
    }

    /// The middle value; between the two middle ones when their number is even.
    pub(crate) fn median(&self) -> Option<f64> {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        let upper = *sorted.get(sorted.len() / 2)?;
        if sorted.len() % 2 == 1 {
            return Some(upper);
        }
        Some(f64::midpoint(sorted[sorted.len() / 2 - 1], upper))
    }

    /// The smallest value.
    pub(crate) fn min(&self) -> Option<f64> {
        self.values.iter().copied().min_by(f64::total_cmp)
    }

    /// The greatest value.
    pub(crate) fn max(&self) -> Option<f64> {
        self.values.iter().copied().max_by(f64::total_cmp)
    }

    /// Each run divided by the other's run of the same round: what disturbed the machine in that round
    /// disturbed both. A round in which the other is zero has no ratio.
    pub(crate) fn over(&self, other: &Self) -> Self {
        let pairs = self.values.iter().zip(&other.values);
        Self {
            values: pairs
                .filter(|(_, other)| **other > 0.0)
                .map(|(own, other)| own / other)
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests;
