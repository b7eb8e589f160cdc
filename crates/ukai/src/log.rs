//! Log lines on standard error, as the configuration says.

use crate::config::{LogConfig, LogFormat};
use anyhow::Result;
use std::io::IsTerminal;

/// Starts logging for the whole process.
pub(crate) fn start(config: &LogConfig) -> Result<()> {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(config.filter()?)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match config.format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}
