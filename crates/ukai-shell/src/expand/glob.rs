//! File names that fit a pattern.

use super::pattern::Pattern;
use crate::limits;
use crate::process::Process;
use crate::system::Stop;

impl Process {
    /// Paths that fit `pattern`, sorted; none if nothing fits.
    pub(super) fn glob(&mut self, pattern: &[u8]) -> Result<Vec<Vec<u8>>, Stop> {
        let absolute = pattern.starts_with(b"/");
        let mut paths: Vec<Vec<u8>> = vec![if absolute { b"/".to_vec() } else { Vec::new() }];
        let parts: Vec<&[u8]> = pattern.split(|b| *b == b'/').filter(|p| !p.is_empty()).collect();
        let view = self.view();
        let mut work = self.session.work();
        let hidden = self.shell_option("dotglob");
        let fold = self.shell_option("nocaseglob");
        for (index, part) in parts.iter().enumerate() {
            let last = index + 1 == parts.len();
            let pattern = Pattern::new(part, &mut work);
            let literal = pattern.literal();
            let mut next = Vec::new();
            for base in &paths {
                if let Some(literal) = &literal {
                    self.session.step(1)?;
                    let path = join(base, literal);
                    if self.fs().stat(&view, &self.absolute(&path), !last).is_ok() {
                        next.push(path);
                    }
                    continue;
                }
                let directory =
                    if base.is_empty() { self.directory.to_vec() } else { self.absolute(base) };
                let Ok(names) = self.fs().list(&view, &directory) else { continue };
                self.session.step(1 + names.len() as u64 / 16)?;
                for name in names {
                    if name.starts_with(b".") && !part.starts_with(b".") && !hidden {
                        continue;
                    }
                    let fits = if fold {
                        pattern.matches(&name.to_ascii_lowercase(), &mut work)
                    } else {
                        pattern.matches(&name, &mut work)
                    };
                    if fits && next.len() < limits::WORDS {
                        let path = join(base, &name);
                        let keep = last
                            || self
                                .fs()
                                .stat(&view, &self.absolute(&path), true)
                                .is_ok_and(|s| s.is_dir());
                        if keep {
                            next.push(path);
                        }
                    }
                }
            }
            paths = next;
        }
        if pattern.ends_with(b"/") {
            for path in &mut paths {
                path.push(b'/');
            }
        }
        self.session.worked(&work)?;
        paths.sort();
        Ok(paths)
    }
}

fn join(base: &[u8], name: &[u8]) -> Vec<u8> {
    let mut path = base.to_vec();
    if !path.is_empty() && !path.ends_with(b"/") {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}
