//! What the environment's Python imports under a name, by asking it.

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use crate::execute::context::Context;
use crate::facts::artifact::Binary;
use crate::model::error::{PythonError, Result};
use crate::model::invocation::Invocation;
use crate::model::native_file::is_native;
use crate::plan::Prove;
use crate::world::disk;
use crate::world::process;

use super::installed::InstalledModule;

const RESOLVE: &str = include_str!("resolve.py");

/// Where a package or module would be imported from.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ImportOrigin {
    /// `None` for a namespace package.
    pub(super) origin: Option<Utf8PathBuf>,
    /// A package's folders.
    pub(super) locations: Vec<Utf8PathBuf>,
}

/// The packages on the way to the module, outermost first.
#[derive(Debug, Deserialize)]
pub(super) struct Resolution {
    pub(super) installed: Vec<ImportOrigin>,
    /// The same with the project's folder first on the path.
    pub(super) local: Vec<ImportOrigin>,
    #[serde(skip)]
    pub(super) loaded: Loaded,
}

/// The result of loading the extension module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Loaded {
    #[default]
    Well,
    /// It has no function with the name that Python looks for.
    Missing(String),
    /// The system cannot load it.
    Broken(String),
    /// The system does not find a library that it needs.
    Unlinked(String),
    /// Its own code raised an exception.
    Raised(String),
    /// Its own code did not find something else.
    Absent(String),
    /// Its own code ended Python.
    Ended(String),
}

/// The first extension module on the way: Python imports it, whatever comes after.
pub(super) fn extension(chain: &[ImportOrigin]) -> Option<&Utf8Path> {
    let origins = chain.iter().filter_map(|found| found.origin.as_deref());
    origins.into_iter().find(|path| is_native(path))
}

/// Where the environment's Python finds a module, and the result of loading it in a fresh interpreter.
///
/// # Errors
/// [`PythonError::NotInstalled`] if Python does not answer.
pub(super) fn resolve(
    context: &Context<'_>,
    prove: &Prove,
    module: &InstalledModule,
) -> Result<Resolution> {
    let member = &prove.build.member;
    if !member.bindings.is_pyo3() {
        let package = module.name.rsplit_once('.');
        let package = package.map_or("", |(package, _)| package);
        return ask(context, prove, module, package, module.file.as_str());
    }
    let resolution = ask(context, prove, module, &module.name, "load")?;
    match resolution.loaded {
        // it may be that its package prepares what it needs
        Loaded::Raised(_) | Loaded::Ended(_) => ask(context, prove, module, &module.name, "import"),
        _ => Ok(resolution),
    }
}

/// `name`, `load`: as in `resolve.py`.
fn ask(
    context: &Context<'_>,
    prove: &Prove,
    module: &InstalledModule,
    name: &str,
    load: &str,
) -> Result<Resolution> {
    let member = &prove.build.member;
    let python = prove.environment.python();
    let invocation = Invocation::new(python, &prove.home)
        .args(["-I", "-c", RESOLVE, member.dir.as_str()])
        .args([name, load])
        .without(&context.session.scrubbed());
    let output = process::read(&invocation)?;
    let mut lines = output.stdout.lines();
    // what `.pth` files print comes before it
    let found = lines.find_map(|line| serde_json::from_str(line).ok());
    let mut resolution: Resolution = found.ok_or_else(|| PythonError::NotInstalled {
        module: module.name.clone(),
        message: output.stderr.trim().to_owned(),
    })?;
    // what the module's own code prints may come after it
    let loaded = lines.rev().find_map(|line| serde_json::from_str(line).ok());
    resolution.loaded = match loaded {
        Some(loaded) => loaded,
        // whatever its exit code: the module's own code may have chosen that
        None => Loaded::Ended(format!("loading it ended Python ({})", output.status)),
    };
    Ok(resolution)
}

/// Which function the module has instead of the expected one, and where to change it.
pub(super) fn without_init(module: &InstalledModule, said: &str) -> Result<String> {
    let bytes = disk::read(&module.file)?.unwrap_or_default();
    let binary = Binary::parse(&bytes).and_then(Result::ok);
    let found = binary.map(|binary| binary.inits).unwrap_or_default();
    let found: Vec<String> = found.into_iter().collect();
    if found.is_empty() {
        return Ok(said.to_owned());
    }
    let wanted = module.name.rsplit('.').next().unwrap_or_default();
    Ok(format!(
        "`{}` has `{}`, and Python looks for `PyInit_{wanted}`: name the function under \
         `#[pymodule]` (src/lib.rs) `{wanted}`, or the module in `[tool.maturin] module-name`",
        module.file,
        found.join("`, `")
    ))
}
