//! Files: the only module that opens them, and the only writer.
