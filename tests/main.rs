//! The one integration binary: every test that needs the built program, other programs, or files.

mod shells;
