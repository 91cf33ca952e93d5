//! Terminal: results to standard output, messages to standard error.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

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
        // Nor is it an event that there is nobody to tell of events.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(io::stderr)
            .log_internal_errors(false)
            .event_format(Short)
            .try_init();
        Terminal { volume }
    }

    /// Prints a notice; not with `--quiet`.
    pub fn note(self, words: &str) {
        if self.volume >= Volume::Normal {
            // Where standard error is closed there is nobody to tell.
            let _ = writeln!(io::stderr(), "{}", printable(words));
        }
    }

    /// Whether all messages are printed.
    pub fn is_verbose(self) -> bool {
        self.volume == Volume::Verbose
    }

    /// Prints an error.
    pub fn error(self, words: &str) {
        let _ = writeln!(io::stderr(), "error: {}", printable(words));
    }

    /// A bar for `steps` steps, named in the plural; invisible where standard error is no terminal.
    pub fn progress(self, steps: usize, name: &str) -> ProgressBar {
        self.bar(steps, &format!("{{bar:40}} {{human_pos}}/{{human_len}} {name}, {{per_sec}}, {{eta}} left"))
    }

    /// The same with a message in place of the speed.
    pub fn status(self, steps: usize) -> ProgressBar {
        self.bar(steps, "{bar:12} {human_pos}/{human_len} {wide_msg}")
    }

    fn bar(self, steps: usize, template: &str) -> ProgressBar {
        if self.volume == Volume::Quiet || !io::stderr().is_terminal() {
            return ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::hidden());
        }
        let style = ProgressStyle::with_template(template);
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

/// The most characters of a name or another text from input in a message, and of a message.
const LONGEST_NAME: usize = 200;
const LONGEST_MESSAGE: usize = 2000;

/// A path as a message shows it: bytes that are no UTF-8 as `\xFF`, and no longer than a line or two.
pub fn name(path: &Path) -> String {
    let mut name = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        name.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| name.push_str(&format!("\\x{byte:02X}")));
    }
    shortened(&name, LONGEST_NAME)
}

/// A text from input as a message shows it.
pub fn quoted(text: &str) -> String {
    shortened(text, LONGEST_NAME)
}

/// The text in one line that no terminal takes for a command: control characters and those that turn the direction of
/// writing are escaped.
fn printable(text: &str) -> String {
    let escaped = |c: char| if is_command(c) { c.escape_default().to_string() } else { c.to_string() };
    shortened(&text.chars().map(escaped).collect::<String>(), LONGEST_MESSAGE)
}

/// The text; of a long one the beginning and the end.
fn shortened(text: &str, most: usize) -> String {
    let characters = text.chars().count();
    if characters <= most {
        return text.to_string();
    }
    let half = most / 2;
    let start: String = text.chars().take(half).collect();
    let end: String = text.chars().skip(characters - half).collect();
    format!("{start}…{end}")
}

fn is_command(c: char) -> bool {
    let turns_writing =
        matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns_writing || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Prints an error of the command line's parser, which repeats arguments.
pub fn usage(error: &clap::Error) {
    let lines: Vec<_> = error.render().to_string().lines().map(printable).collect();
    let is_harmless = |argument: OsString| argument.to_string_lossy() == printable(&argument.to_string_lossy());
    if std::env::args_os().all(is_harmless) {
        // With colors.
        let _ = error.print();
    } else {
        let _ = writeln!(io::stderr(), "{}", lines.join("\n"));
    }
}

/// Prints data to standard output. A reader that stops early, as `head` does, is no error. Programs read it as it is;
/// on a terminal it has no commands.
pub fn data(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let text = match io::stdout().is_terminal() && text.contains(|c| is_command(c) && c != '\n') {
        true => Cow::Owned(text.lines().map(printable).collect::<Vec<_>>().join("\n")),
        false => Cow::Borrowed(text),
    };
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
        writeln!(writer, "{level}: {}", printable(&message.0))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_commands_a_terminal() {
        assert_eq!(printable("a\x1b]0;x\x07\n\u{202e}é\u{9b}"), "a\\u{1b}]0;x\\u{7}\\n\\u{202e}é\\u{9b}");
        assert_eq!(quoted(&"x".repeat(300)), format!("{0}…{0}", "x".repeat(100)));
        assert_eq!(quoted("short"), "short");
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_are_shown() {
        let path: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"x\xff.png");
        assert_eq!(name(Path::new(path)), "x\\xFF.png");
    }
}
