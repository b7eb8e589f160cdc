//! Groups, subshells, `if`, loops, `case`.

use crate::expand::pattern::Pattern;
use crate::process::Process;
use crate::syntax::{Case, Compound, List, Word};
use crate::system::Stop;
use bytes::Bytes;

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

    async fn for_words(
        &mut self,
        name: &Bytes,
        words: Option<&[Word]>,
        body: &List,
    ) -> Result<i32, Stop> {
        let values = match words {
            Some(words) => self.expand_words(words).await?,
            None => self.positional.iter().map(|b| b.to_vec()).collect(),
        };
        let mut status = 0;
        for value in values {
            self.assign(name, value)?;
            if let Round::Leave = self.round(body).await? {
                return Ok(0);
            }
            status = self.status;
        }
        Ok(status)
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
                let status = self.list(&arm.body).await?;
                if !arm.falls_through {
                    return Ok(status);
                }
                falls_through = true;
            }
        }
        Ok(0)
    }
}
