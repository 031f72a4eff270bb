//! What a file is and what lies in it: PEM, DER, PKCS#7.

pub mod pem;
