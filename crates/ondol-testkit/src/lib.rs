//! Stories, golden files and real servers for tests.

pub mod servers;
