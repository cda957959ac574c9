# /// script
# requires-python = ">=3.9"
# dependencies = ["tomli==2.2.1; python_version < '3.11'"]
# ///
"""Builds the documentation into the scratch folder, and prints where it is."""

import shutil
import sys

import project
import steps
import tools

OUT = project.STATE / "docs"


def mkdocs(run, config):
    """The project's own documentation, by mkdocs."""
    site = OUT / "site"
    command = [*tools.beside("mkdocs"), "build", "--config-file", config, "--site-dir", site]
    run.run("mkdocs", command)
    return [site]


def sphinx(run, config):
    """The project's own documentation, by Sphinx."""
    site = OUT / "site"
    command = [*tools.beside("sphinx", "sphinx-build"), "-b", "html", "-d", OUT / "doctrees"]
    run.run("sphinx", [*command, config.parent, site])
    return [site]


def derived(run):
    """What the Rust crate and the Python packages say of themselves."""
    places = []
    if manifest := project.manifest():
        target, rust = project.STATE / "lint" / "target", OUT / "rust"
        shutil.rmtree(target / "doc", ignore_errors=True)
        command = ["cargo", "doc", "--no-deps", f"--manifest-path={manifest}"]
        variables = {"CARGO_TARGET_DIR": target, "PYO3_PYTHON": tools.PYTHON}
        run.run("cargo doc", [*command, *project.features()], **variables)
        if (target / "doc").is_dir():
            shutil.copytree(target / "doc", rust)
        places.append(rust)
    if tops := project.tops():
        places.append(OUT / "python")
        run.run("pdoc", [*tools.beside("pdoc"), "--output-directory", places[-1], *tops])
    return places


def main():
    """Builds what the project has."""
    run = steps.Steps()
    shutil.rmtree(OUT, ignore_errors=True)
    names = [f"{folder}conf.py" for folder in ("docs/", "doc/", "docs/source/", "doc/source/")]
    if config := project.first("mkdocs.yml", "mkdocs.yaml"):
        places = mkdocs(run, config)
    elif config := project.first(*names):
        places = sphinx(run, config)
    else:
        places = derived(run)
    for place in (place for place in places if place.is_dir()):
        print(place)
    sys.stdout.flush()
    run.finish()


main()
