//! Terminal: results to standard output, messages to standard error.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::outcome::RunFailed;

/// The messages that are printed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Volume {
    /// Errors only.
    Quiet,
    /// Notices too.
    Normal,
    /// Choices of the library too.
    Verbose,
}

impl Volume {
    /// The volume for the options `--quiet` and `--verbose`, of which clap lets through one at most.
    pub fn of(quiet: bool, verbose: bool) -> Self {
        match (quiet, verbose) {
            (true, _) => Volume::Quiet,
            (false, false) => Volume::Normal,
            (false, true) => Volume::Verbose,
        }
    }
}

/// Standard error, at a volume.
#[derive(Clone, Copy)]
pub struct Terminal {
    volume: Volume,
}

impl Terminal {
    /// Also prints events of the library to standard error, at the level of the volume or of `RUST_LOG`.
    pub fn open(volume: Volume) -> Self {
        let level = match volume {
            Volume::Quiet => "error",
            Volume::Normal => "warn",
            Volume::Verbose => "warn,autoaugment=info",
        };
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
        // Setting a second subscriber is the only way to fail, and this is the first.
        let _ =
            tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).event_format(Short).try_init();
        Terminal { volume }
    }

    /// Prints a notice; not with `--quiet`.
    pub fn note(self, words: &str) {
        if self.volume >= Volume::Normal {
            // Where standard error is closed there is nobody to tell.
            let _ = writeln!(io::stderr(), "{words}");
        }
    }

    /// Whether all messages are printed.
    pub fn is_verbose(self) -> bool {
        self.volume == Volume::Verbose
    }

    /// Prints an error.
    pub fn error(self, words: &str) {
        let _ = writeln!(io::stderr(), "error: {words}");
    }

    /// A bar for `steps` steps, named in the plural; invisible where standard error is no terminal.
    pub fn progress(self, steps: usize, name: &str) -> ProgressBar {
        if self.volume == Volume::Quiet || !io::stderr().is_terminal() {
            return ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::hidden());
        }
        let template = format!("{{bar:40}} {{human_pos}}/{{human_len}} {name}, {{per_sec}}, {{eta}} left");
        let style = ProgressStyle::with_template(&template);
        let bar = ProgressBar::new(steps as u64);
        match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        }
    }
}

/// An error and its causes in one line. Some errors say their cause themselves; it is not said twice.
pub fn in_one_line(error: &anyhow::Error) -> String {
    let mut words = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if words.is_empty() {
            words = cause;
        } else if !words.ends_with(&cause) {
            words = format!("{words}: {cause}");
        }
    }
    words
}

/// Prints data to standard output. A reader that stops early, as `head` does, is no error.
pub fn data(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(RunFailed(format!("standard output: {e}")).into()),
        _ => Ok(()),
    }
}

/// Prints a serializable value to standard output as indented JSON.
pub fn json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    data(&serde_json::to_string_pretty(value)?)
}

/// Columns as wide as their widest cell, two spaces apart: numbers to the right, words to the left.
pub fn aligned(lines: &[Vec<String>], is_number: impl Fn(usize) -> bool) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |c: usize| lines.iter().filter_map(|line| line.get(c)).map(|cell| cell.chars().count()).max();
    let widths: Vec<_> = (0..columns).map(|c| width(c).unwrap_or(0)).collect();
    let line = |cells: &Vec<String>| {
        let cells =
            cells.iter().zip(&widths).enumerate().map(|(c, (cell, &width))| {
                if is_number(c) { format!("{cell:>width$}") } else { format!("{cell:width$}") }
            });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_string()
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// `1 file`, `2 files`.
pub fn counted(number: usize, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

/// `warning: message`, without time, place or colors.
struct Short;

impl<S, N> FormatEvent<S, N> for Short
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let level = match *event.metadata().level() {
            Level::ERROR => "error",
            Level::WARN => "warning",
            Level::INFO => "info",
            Level::DEBUG => "debug",
            Level::TRACE => "trace",
        };
        let mut message = Message(String::new());
        event.record(&mut message);
        writeln!(writer, "{level}: {}", message.0)
    }
}

/// An event's message, followed by its other fields.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0.insert_str(0, &format!("{value:?}"));
        } else {
            self.0.push_str(&format!(" {}={value:?}", field.name()));
        }
    }
}
