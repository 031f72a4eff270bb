//! Statements that set variables, quoted by the rules of each shell.
