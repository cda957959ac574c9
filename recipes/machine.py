"""Which variables belong to the machine on which a pipeline runs, rather than to what its programs find."""

import re

OWN = re.compile(
    r"PATH|HOME|USER|SHELL|TMP|TEMP|TMPDIR|LANG|LC_\w+|TERM|CI|DISPLAY|PWD|NO_COLOR|CLICOLOR\w*|(PY_|FORCE_)\w*COLORS?"
    r"|(LD|DYLD)_\w+|(HOST_|TARGET_)?(CC|CXX|AR|LD|RANLIB)(_\w+)?|XDG_\w+|DOCKER_\w+|SSH_\w+|GIT_\w+"
    r"|GITHUB_\w+|RUNNER_\w+|ACTIONS_\w+|\w*(TOKEN|SECRET|PASSWORD|API_KEY)\w*|\w*CACHE\w*|(http|https|no|all)_proxy"
    r"|CARGO_(HOME|TARGET_DIR|BUILD_(TARGET_DIR|BUILD_DIR|TARGET|JOBS|RUSTC|RUSTC_WRAPPER|RUSTC_WORKSPACE_WRAPPER|INCREMENTAL)|INCREMENTAL)"
    r"|CARGO_(TERM|NET|HTTP|REGISTRY|REGISTRIES|UNSTABLE_SPARSE)_\w+|CARGO_TARGET_\w+_(LINKER|RUNNER)"
    r"|RUST_(BACKTRACE|LOG|LIB_BACKTRACE)|RUSTUP_\w+|RUSTC|RUSTDOC|RUSTC_WRAPPER|RUSTC_WORKSPACE_WRAPPER|SCCACHE_\w+"
    r"|PYO3_(PYTHON|ENVIRONMENT_SIGNATURE|CROSS\w*|CONFIG_FILE)|PYTHON(HOME|UTF8|IOENCODING|UNBUFFERED|DONTWRITEBYTECODE)"
    r"|VIRTUAL_ENV\w*|CONDA_\w+|MAMBA_\w+|UV_\w+|PIP_\w+|PIPX_\w+|POETRY_\w+|PDM_\w+|HATCH_\w+|PIXI_\w+|NOX_\w+|TOX_\w+"
    r"|MATURIN_\w+|CARGO_PYX\w*|NODE_\w+|NPM_\w+",
    re.IGNORECASE,
)
"""Where things are kept and which programs are taken, how findings are told, and what nobody else may know."""


def without(variables):
    """Variables without those of the machine, and without those whose values cannot be known."""
    known = {name: value for name, value in variables.items() if "$" not in value and "{{" not in value}
    return {name: value for name, value in known.items() if not OWN.fullmatch(name)}
