@{alias} = @{name}  # the reference for the one in Rust

try:@{noqa}
    from @{from} import @{name}
except ImportError:  # pragma: no cover
    pass
