//! Where what was written ends, and the blank space made ahead of it begins.

/// Blank space is millions of bytes long: so many are compared at once.
const BLANK: [u8; 4096] = [0; 4096];

/// How far bytes were written: behind the last one that is not zero. Nothing, if all are.
pub(crate) fn written_to(bytes: &[u8]) -> Option<usize> {
    let mut end = bytes.len();
    while end > 0 {
        let from = end.saturating_sub(BLANK.len());
        let block = &bytes[from..end];
        if *block != BLANK[..block.len()] {
            let last = block.iter().rposition(|byte| *byte != 0);
            return last.map(|last| from + last + 1);
        }
        end = from;
    }
    None
}

#[cfg(test)]
mod tests;
