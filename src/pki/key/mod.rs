//! Private keys: their forms and schemes, opening, sealing, pairing.
