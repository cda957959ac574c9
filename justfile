# The recipes of cargo-pyx's own development. `just --list` shows them.

# Show the recipes
default:
    @just --list

# Build the program
build:
    cargo build --release

# Run the tests
[positional-arguments]
test *arguments:
    cargo test "$@"

# Run the tests, including those that take longer
test-all: test
    cargo test --test all

# Update docs/reliability.md from the names of the tests, and show what happens when the world is against it
faults:
    -cargo test --quiet --test it house::reliability
    cp target/tmp/reliability.md docs/reliability.md
    @grep '^| F' docs/reliability.md

# Test the law of freshness with random steps: how many for each kind of project, seed, which kinds
law steps="1000" seed="1" projects="":
    CARGO_PYX_LAW_STEPS={{steps}} CARGO_PYX_LAW_SEED={{seed}} CARGO_PYX_LAW_PROJECTS={{projects}} cargo test --test law

# Inject faults into an install at many more of its system calls than the tests do: about two hours (needs strace)
sweep points="10":
    CARGO_PYX_SWEEP_POINTS={{points}} cargo test --test all -- f09b

# Check format and lints
lint:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings
    cargo clippy --test all --test law -- -D warnings

# Fuzz a reader of files that are not ours (needs nightly Rust and cargo-fuzz): which, how many files
fuzz target="manifest" runs="1000000":
    mkdir -p fuzz/target/found/{{target}}
    cargo +nightly fuzz run {{target}} fuzz/target/found/{{target}} fuzz/corpus/{{target}} -- -runs={{runs}} -timeout=10 -rss_limit_mb=1024

# Check the licences, sources and advisories of the dependencies (needs cargo-deny)
deny:
    cargo deny check

# Run what CI runs
ci:
    .ci/run

# Run the built program in published projects, and write docs/compatibility.md: --only NAME, --resume, --own, --command "dev --release", --recipes all (docs/recipes-table.md), --twice, --keep
[positional-arguments]
corpus *arguments: build
    python3 recipes/corpus.py "$@"

# Run `init` of the built program on published packages and crates, and write the table of docs/adopting.md: --only NAME, --resume, --page, --keep
[positional-arguments]
adopt *arguments: build
    python3 recipes/adopt.py "$@"

# Compare the built program with other tools, and write docs/speed.md (needs hyperfine, uv, maturin): --only NAME, --situations NAME, --runs N, --page
[positional-arguments]
speed *arguments: build
    python3 recipes/speed.py "$@"

# Record the README's picture again from a real run
picture: build
    python3 docs/picture.py

# Update auditwheel's policies from the version that releases are checked with
policies:
    "${CARGO_PYX_UV:-uv}" run --no-project --with "$(grep -o '^auditwheel==[^ ]*' src/world/tool/release.txt)" python recipes/policies.py > target/policies.json
    mv target/policies.json src/model/manylinux.json

# Measure how the program's cost grows with members and files (needs hyperfine, and an idle machine)
growth *arguments: build
    python3 recipes/growth.py {{arguments}}
