//! The sets of rules that the configuration names, read from their folders.

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use ukai_yara::{Manifest, Problem, RULE_FILE_BYTES_MAX, RULE_FILES_MAX, RuleSet, Rules, States};

/// What says what a set is, in its folder.
const MANIFEST: &str = "set.toml";

/// YARA rules that look at every sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct YaraConfig {
    /// Whether the rules that are shipped count.
    pub(crate) shipped: bool,
    /// Further rules: files, folders of a set (`*.yar`, `*.yara` and `set.toml`), or folders
    /// of such folders (docs/yara.md).
    #[schema(value_type = Vec<String>)]
    pub(crate) folders: Vec<PathBuf>,
    /// Rules (`RULE` or `SET/RULE`) that count although their sets say otherwise.
    pub(crate) on: Vec<String>,
    /// Rules that match too often to say much: told, and marked.
    pub(crate) noisy: Vec<String>,
    /// Rules that do not count.
    pub(crate) off: Vec<String>,
}

impl Default for YaraConfig {
    fn default() -> Self {
        Self {
            shipped: true,
            folders: Vec::new(),
            on: Vec::new(),
            noisy: Vec::new(),
            off: Vec::new(),
        }
    }
}

impl YaraConfig {
    /// Whether everything that it names is there.
    pub(crate) fn check(&self) -> Result<()> {
        for folder in &self.folders {
            if sets_at(folder)?.is_empty() {
                bail!("{}: there are no *.yar or *.yara files in it", folder.display());
            }
        }
        Ok(())
    }

    /// The same with paths that hold whatever the working directory is.
    pub(crate) fn absolute(&self) -> Result<Self> {
        let whole = |path: &PathBuf| {
            path.canonicalize().with_context(|| format!("rules: {}", path.display()))
        };
        let folders = self.folders.iter().map(whole).collect::<Result<_>>()?;
        Ok(Self { folders, ..self.clone() })
    }

    /// All of it, compiled, and what is wrong with it.
    pub(crate) fn compile(&self) -> (Rules, Vec<Problem>) {
        let mut sets = Vec::new();
        let mut unread = Vec::new();
        if self.shipped {
            sets.push(RuleSet::shipped());
        }
        for folder in &self.folders {
            match sets_at(folder) {
                Ok(found) => sets.extend(found),
                Err(error) => unread.push(Problem {
                    set: String::new(),
                    file: folder.display().to_string(),
                    fatal: true,
                    message: format!("{error:#}"),
                }),
            }
        }
        let states = States {
            on: self.on.iter().cloned().collect(),
            noisy: self.noisy.iter().cloned().collect(),
            off: self.off.iter().cloned().collect(),
        };
        let (rules, problems) = Rules::compile(sets, states);
        unread.extend(problems);
        (rules, unread)
    }
}

/// The sets at a path: a file, a folder of files, or a folder of such folders.
fn sets_at(path: &Path) -> Result<Vec<RuleSet>> {
    let shown = || path.display().to_string();
    let name = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if path.metadata().with_context(shown)?.is_file() {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let files = vec![(file, text(path)?)];
        return Ok(vec![RuleSet { manifest: Manifest::unnamed(&name(path)), files }]);
    }
    if path.join(MANIFEST).exists() || !rule_files(path)?.is_empty() {
        return Ok(vec![set(path, &name(path))?]);
    }
    let mut folders: Vec<PathBuf> =
        entries(path)?.into_iter().filter(|entry| entry.is_dir()).collect();
    folders.sort();
    let mut sets = Vec::new();
    for folder in folders {
        if folder.join(MANIFEST).exists() || !rule_files(&folder)?.is_empty() {
            sets.push(set(&folder, &name(&folder))?);
        }
    }
    Ok(sets)
}

fn set(folder: &Path, name: &str) -> Result<RuleSet> {
    let manifest = folder.join(MANIFEST);
    let manifest = if manifest.exists() {
        let shown = manifest.display().to_string();
        Manifest::parse(&text(&manifest)?).with_context(|| shown)?
    } else {
        Manifest::unnamed(name)
    };
    let mut files = Vec::new();
    for path in rule_files(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files.push((name, text(&path)?));
    }
    Ok(RuleSet { manifest, files })
}

/// The files of rules in a folder, by name.
fn rule_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let is_rules = |path: &PathBuf| {
        let ending = path.extension().and_then(|ending| ending.to_str());
        ending.is_some_and(|it| matches!(it, "yar" | "yara")) && path.is_file()
    };
    let mut files: Vec<PathBuf> = entries(folder)?.into_iter().filter(is_rules).collect();
    files.sort();
    Ok(files)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let shown = || folder.display().to_string();
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(shown)? {
        if paths.len() >= RULE_FILES_MAX {
            bail!("{}: more than {RULE_FILES_MAX} entries", folder.display());
        }
        paths.push(entry.with_context(shown)?.path());
    }
    Ok(paths)
}

fn text(path: &Path) -> Result<String> {
    let shown = || path.display().to_string();
    let mut bytes = Vec::new();
    let file = fs::File::open(path).with_context(shown)?;
    file.take(RULE_FILE_BYTES_MAX + 1).read_to_end(&mut bytes).with_context(shown)?;
    if bytes.len() as u64 > RULE_FILE_BYTES_MAX {
        bail!("{}: larger than {} MiB", path.display(), RULE_FILE_BYTES_MAX >> 20);
    }
    // Comments of old rules are in any encoding.
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}
