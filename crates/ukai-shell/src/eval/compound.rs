//! Groups, subshells, `if`, loops, `case`.

use crate::expand::pattern::Pattern;
use crate::io::Open;
use crate::process::{Process, VariableValue};
use crate::syntax::{Case, Command, Compound, List, Word};
use crate::system::Stop;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a loop does after a round.
enum Round {
    Next,
    Leave,
}

impl Process {
    pub(super) async fn compound(&mut self, compound: &Compound) -> Result<i32, Stop> {
        match compound {
            Compound::Group(list) => self.list(list).await,
            Compound::Subshell(list) => {
                let mut child = self.fork();
                let result = child.list(list).await;
                child.ended(result).await
            }
            Compound::If { arms, otherwise } => {
                for (condition, body) in arms {
                    if self.test(condition).await? {
                        return self.list(body).await;
                    }
                }
                match otherwise {
                    Some(body) => self.list(body).await,
                    None => Ok(0),
                }
            }
            Compound::Loop { until, condition, body } => {
                self.loop_while(*until, condition, body).await
            }
            Compound::For { name, words, body } => {
                self.for_words(name, words.as_deref(), body).await
            }
            Compound::Select { name, words, body } => {
                Box::pin(self.select(name, words.as_deref(), body)).await
            }
            Compound::Coprocess { name, command, text } => self.coprocess(name, command, text),
            Compound::ForArithmetic { parts, body } => self.for_arithmetic(parts, body).await,
            Compound::Case { subject, arms } => self.case(subject, arms).await,
            Compound::Arithmetic(word) => {
                let text = self.expand_text(word).await?;
                Ok(i32::from(self.arithmetic(&text)? == 0))
            }
        }
    }

    /// Runs a condition; its failure is no error.
    async fn test(&mut self, condition: &List) -> Result<bool, Stop> {
        self.tested += 1;
        let result = self.list(condition).await;
        self.tested -= 1;
        Ok(result? == 0)
    }

    /// Runs a loop's body once.
    async fn round(&mut self, body: &List) -> Result<Round, Stop> {
        self.session.step(1)?;
        self.loops += 1;
        let result = self.list(body).await;
        self.loops -= 1;
        match result {
            Ok(_) | Err(Stop::Continue(0 | 1)) => Ok(Round::Next),
            Err(Stop::Break(0 | 1)) => Ok(Round::Leave),
            Err(Stop::Break(levels)) => Err(Stop::Break(levels - 1)),
            Err(Stop::Continue(levels)) => Err(Stop::Continue(levels - 1)),
            Err(stop) => Err(stop),
        }
    }

    async fn loop_while(
        &mut self,
        until: bool,
        condition: &List,
        body: &List,
    ) -> Result<i32, Stop> {
        let mut status = 0;
        loop {
            self.loops += 1;
            let tested = self.test(condition).await;
            self.loops -= 1;
            match tested {
                Ok(holds) if holds != until => {}
                Ok(_) | Err(Stop::Break(0 | 1)) => return Ok(status),
                Err(stop) => return Err(stop),
            }
            if let Round::Leave = self.round(body).await? {
                return Ok(0);
            }
            status = self.status;
        }
    }

    /// What follows `in`, or the parameters where nothing does.
    async fn words_in(&mut self, words: Option<&[Word]>) -> Result<Vec<Vec<u8>>, Stop> {
        match words {
            Some(words) => self.expand_words(words).await,
            None => Ok(self.positional.iter().map(|b| b.to_vec()).collect()),
        }
    }

    async fn for_words(
        &mut self,
        name: &Bytes,
        words: Option<&[Word]>,
        body: &List,
    ) -> Result<i32, Stop> {
        let values = self.words_in(words).await?;
        let mut status = 0;
        let list = if self.options.trace && self.bash { Some(values.join(&b' ')) } else { None };
        for value in values {
            if let Some(list) = &list {
                self.trace_line(&[b"for ", &name[..], b" in ", list].concat())?;
            }
            self.assign(name, value)?;
            if let Round::Leave = self.round(body).await? {
                return Ok(0);
            }
            status = self.status;
        }
        Ok(status)
    }

    /// `select`: a menu on standard error, and a round for each line that is typed.
    async fn select(
        &mut self,
        name: &Bytes,
        words: Option<&[Word]>,
        body: &List,
    ) -> Result<i32, Stop> {
        let values = self.words_in(words).await?;
        if values.is_empty() {
            return Ok(0);
        }
        let mut shown = true;
        loop {
            if shown {
                let menu = menu(&values);
                self.error_bytes(&menu)?;
            }
            let prompt = self.variable(b"PS3").unwrap_or(Bytes::from_static(b"#? "));
            self.error_bytes(&prompt)?;
            let line = self.read(0, crate::limits::TERMINAL_LINE_BYTES, true).await?;
            let line = line.unwrap_or_default();
            if line.is_empty() {
                self.print(b"\n")?;
                return Ok(1);
            }
            let typed = line.trim_ascii().to_vec();
            shown = typed.is_empty();
            if shown {
                continue;
            }
            let number = std::str::from_utf8(&typed).ok().and_then(|t| t.parse::<usize>().ok());
            let chosen = number.and_then(|n| values.get(n.checked_sub(1)?)).cloned();
            self.assign(b"REPLY", typed)?;
            self.assign(name, chosen.unwrap_or_default())?;
            if let Round::Leave = self.round(body).await? {
                return Ok(0);
            }
        }
    }

    /// `coproc`: a job whose input and output are descriptors of the shell.
    fn coprocess(
        &mut self,
        name: &Bytes,
        command: &Arc<Command>,
        text: &Bytes,
    ) -> Result<i32, Stop> {
        let (from_job, job_out) = Open::pipe(&self.session.moves);
        let (job_in, to_job) = Open::pipe(&self.session.moves);
        let mut child = self.fork();
        child.fds.set(0, Some(job_in));
        child.fds.set(1, Some(job_out));
        let pid = self.start_job(child, Arc::clone(command), text)?;
        let number = |path: String| Bytes::from(path.rsplit('/').next().unwrap_or("").to_owned());
        let (reads, writes) = (number(self.lend(from_job)), number(self.lend(to_job)));
        // They stay after the command.
        self.lent = 0;
        let ends = VariableValue::Array(Arc::new(BTreeMap::from([(0, reads), (1, writes)])));
        self.assign_value(name, ends)?;
        self.assign(&[&name[..], b"_PID"].concat(), pid.to_string())?;
        Ok(0)
    }

    async fn for_arithmetic(
        &mut self,
        parts: &[Option<Word>; 3],
        body: &List,
    ) -> Result<i32, Stop> {
        let [start, condition, step] = parts;
        self.arithmetic_word(start.as_ref()).await?;
        loop {
            if let Some(condition) = condition
                && self.arithmetic_word(Some(condition)).await? == 0
            {
                return Ok(self.status);
            }
            if let Round::Leave = self.round(body).await? {
                return Ok(0);
            }
            self.arithmetic_word(step.as_ref()).await?;
        }
    }

    async fn arithmetic_word(&mut self, word: Option<&Word>) -> Result<i64, Stop> {
        let Some(word) = word else { return Ok(0) };
        let text = self.expand_text(word).await?;
        self.arithmetic(&text)
    }

    async fn case(&mut self, subject: &Word, arms: &[Case]) -> Result<i32, Stop> {
        let subject = self.expand_text(subject).await?;
        let mut falls_through = false;
        let mut last = 0;
        for arm in arms {
            let mut fits = falls_through;
            for word in &arm.patterns {
                if fits {
                    break;
                }
                let wanted = self.expand_pattern(word).await?;
                self.session.step(1)?;
                let mut work = self.session.work();
                fits = Pattern::new(&wanted, &mut work).matches(&subject, &mut work);
                self.session.worked(&work)?;
            }
            if fits {
                self.status = 0;
                last = self.list(&arm.body).await?;
                if !arm.falls_through && !arm.goes_on {
                    return Ok(last);
                }
                falls_through = arm.falls_through;
            }
        }
        Ok(last)
    }
}

/// The menu of `select`: one column while it is short, as bash makes it.
fn menu(values: &[Vec<u8>]) -> Vec<u8> {
    const COLUMNS: usize = 80;
    let digits = values.len().to_string().len();
    let longest = values.iter().map(Vec::len).max().unwrap_or(0) + digits + 2;
    // `print_select_list`: so many columns of that width as fit, filled downwards.
    let columns = (COLUMNS / (longest + 2)).max(1);
    let rows = if values.len().div_ceil(columns) <= 1 {
        values.len()
    } else {
        values.len().div_ceil(columns)
    };
    let mut text = Vec::new();
    for row in 0..rows {
        let places: Vec<usize> = (row..values.len()).step_by(rows).collect();
        for (index, place) in places.iter().enumerate() {
            let entry = format!("{:>digits$}) ", place + 1);
            text.extend_from_slice(entry.as_bytes());
            text.extend_from_slice(&values[*place]);
            if index + 1 < places.len() {
                let used = entry.len() + values[*place].len();
                text.resize(text.len() + (longest + 2).saturating_sub(used), b' ');
            }
        }
        text.push(b'\n');
    }
    text
}
