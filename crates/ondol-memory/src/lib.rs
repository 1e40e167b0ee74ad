//! The allocator that programs of the house take memory from: mimalloc.
//!
//! An event is allocated where it is decided on and freed where it has been written, by another
//! thread. The C library's allocator is slow at just that: with mimalloc the runtime takes half as
//! many commands again on the same machine. Naming this crate is all it takes:
//!
//! ```
//! use ondol_memory as _;
//! ```
//!
//! A program has one allocator. Who depends on `ondol` has this one; `default-features = false`
//! leaves the choice to the program.
//!
//! Memory comes in pages of 2 MiB where the system has them, which is quick, and much for a program of
//! many small parts at rest: with the feature `small-pages` it comes in pages of the usual size.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
