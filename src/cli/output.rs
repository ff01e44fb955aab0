//! Standard output.

use std::io::Write as _;

/// Writes a text. Whoever stopped reading has read enough: that is no error.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
