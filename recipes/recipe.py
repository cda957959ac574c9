# /// script
# requires-python = ">=3.9"
# dependencies = [
#     "packaging==26.3",
#     "pyyaml==6.0.3",
#     "tomli==2.5.0; python_version < '3.11'",
# ]
# ///
"""Runs a recipe of cargo-pyx by its name, with the arguments that follow.

One script for all: uv makes one environment for what they read TOML, YAML and versions with.
"""

import importlib
import sys
import traceback


def main(name, arguments):
    """Runs `main(arguments)` of a recipe's module; any error becomes one sentence."""
    # what a recipe writes beside a terminal may be any text
    sys.stdout.reconfigure(errors="replace")
    sys.stderr.reconfigure(errors="replace")
    sys.dont_write_bytecode = True
    try:
        importlib.import_module(name).main(arguments)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(1)
    except OSError as error:
        print(f"error: `{name}` could not continue: {error}", file=sys.stderr)
        sys.exit(4)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{where.filename.rpartition('/')[2]}:{where.lineno}"
        print(f"error: bug in `{name}`: {type(error).__name__}: {error} ({place})", file=sys.stderr)
        sys.exit(70)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
