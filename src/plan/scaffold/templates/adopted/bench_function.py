"""How long `@{name}` takes in Rust and in Python: cargo pyx just bench."""

import importlib

module = importlib.import_module("@{module}")
rust = importlib.import_module("@{dotted}")

# arguments of one call: positional, then by keyword
ARGS, NAMED = @{arguments}


def test_@{test}_rust(benchmark):
    benchmark(rust.@{name}, *ARGS, **NAMED)


def test_@{test}_python(benchmark, monkeypatch):
    monkeypatch.setattr(module, "@{name}", module.@{alias})
    benchmark(module.@{name}, *ARGS, **NAMED)
