//! The one integration binary: every test that needs the built program, other programs, or files.
#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "a test looks at the world from outside"
)]

mod keys;
