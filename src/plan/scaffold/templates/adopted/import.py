@{alias} = @{name}  # what the one in Rust is compared with

try:@{noqa}
    from @{from} import @{name}
except ImportError:  # pragma: no cover
    pass
