//! This process and the one that started it.
