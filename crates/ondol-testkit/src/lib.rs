//! Stories, golden files and real servers for tests.
