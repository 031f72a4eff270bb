//! The places a passphrase may come from: keyring, prompt, file, descriptor, variable, command.
