//! A town as it is told of in a test that failed.

use std::fmt;

use super::{House, Town};

impl fmt::Debug for Town {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.houses.iter().map(|house| &house.services)).finish()
    }
}

impl fmt::Debug for House {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {}", self.services, self.address)
    }
}
