//! The `certman` program: hands the process to the library and returns its exit status.

fn main() -> std::process::ExitCode {
    certman::cli::main()
}
