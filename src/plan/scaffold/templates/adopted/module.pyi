__all__ = ["version"]

def version() -> str:
    """The version of the crate."""
