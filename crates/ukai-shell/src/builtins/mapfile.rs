//! `mapfile`, `readarray`.

use crate::commands::{Arguments, Command, Options};
use crate::limits;
use crate::process::{Process, VariableValue};
use crate::system::{Fut, Stop};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) const COMMANDS: &[Command] =
    &[Command::waiting("mapfile", mapfile), Command::waiting("readarray", mapfile)];

const USAGE: &str = "usage: mapfile [-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] \
                     [-C callback] [-c quantum] [array]";

fn mapfile(process: &mut Process, arguments: Arguments) -> Fut<'_, Result<i32, Stop>> {
    Box::pin(async move {
        let name = arguments.name().into_owned();
        let options = Options::read(&arguments, "+d:n:O:s:tu:C:c:", &[]);
        if let Some(bad) = &options.bad {
            process.complain_as(&name, &format!("-{bad}: invalid option"))?;
            process.error(&format!("{name}: {}", USAGE.replacen("mapfile", &name, 1)))?;
            return Ok(2);
        }
        let array = options.operands.first().cloned().unwrap_or_else(|| b"MAPFILE".to_vec());
        if !crate::syntax::is_name(&array) {
            let shown = String::from_utf8_lossy(&array).into_owned();
            process.complain_as(&name, &format!("`{shown}': not a valid identifier"))?;
            return Ok(1);
        }
        let number = |flag: &str| options.number(flag).and_then(|n| usize::try_from(n).ok());
        let most = number("n").filter(|n| *n > 0).unwrap_or(limits::WORDS).min(limits::WORDS);
        let skip = number("s").unwrap_or(0);
        let origin = number("O").unwrap_or(0);
        let delimiter = options.value("d").map_or(b'\n', |d| d.first().copied().unwrap_or(0));
        let fd = number("u").unwrap_or(0);
        let mut elements = match process.lookup(&array).map(|v| &v.value) {
            Some(VariableValue::Array(old)) if options.has("O") => (**old).clone(),
            _ => BTreeMap::new(),
        };
        let mut seen = 0;
        while seen < skip + most {
            let Some(mut line) = process.read_until(fd, delimiter).await? else { break };
            process.session.step(1 + line.len() as u64 / 1_024)?;
            if line.is_empty() {
                break;
            }
            if options.has("t") && line.last() == Some(&delimiter) {
                line.pop();
            }
            if seen >= skip {
                let index = u32::try_from(origin + seen - skip).unwrap_or(u32::MAX);
                elements.insert(index, Bytes::from(line));
            }
            seen += 1;
        }
        process.assign_value(&array, VariableValue::Array(Arc::new(elements)))?;
        Ok(0)
    })
}

impl Process {
    /// Reads up to and with `delimiter`; less at the end of the input. `None` if the
    /// descriptor cannot be read.
    pub(crate) async fn read_until(
        &mut self,
        fd: usize,
        delimiter: u8,
    ) -> Result<Option<Vec<u8>>, Stop> {
        let mut line = Vec::new();
        while line.len() < limits::WORD_BYTES && line.last() != Some(&delimiter) {
            // A line is read at once; up to another byte, byte by byte, as bash does.
            let by_line = delimiter == b'\n';
            let most = if by_line { limits::WORD_BYTES } else { 1 };
            let Some(chunk) = self.read(fd, most, by_line).await? else { return Ok(None) };
            if chunk.is_empty() {
                break;
            }
            line.extend_from_slice(&chunk);
        }
        Ok(Some(line))
    }
}
