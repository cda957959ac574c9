fn main() -> std::process::ExitCode {
    cargo_pyx::cli::main()
}
