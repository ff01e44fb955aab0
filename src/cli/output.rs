//! Standard output.

use std::fmt::Display;
use std::io::Write as _;

/// Writes a line, or several. Whoever stopped reading has read enough: that is no error.
pub fn line(text: impl Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
