//! Progress bars on standard error; nothing when it is no terminal.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::pipeline::{Progress, Step};

/// One bar a step.
#[derive(Debug, Default)]
pub struct Bars {
    all: MultiProgress,
    by_step: Mutex<BTreeMap<Step, ProgressBar>>,
}

impl Bars {
    fn with(&self, step: Step, act: impl FnOnce(&ProgressBar)) {
        let bars = self.by_step.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = bars.get(&step) {
            act(bar);
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Progress for Bars {
    fn begin(&self, step: Step, total: u64) {
        let bar = if total == 0 {
            ProgressBar::new_spinner().with_style(style("{prefix:>14} {spinner} {msg}"))
        } else {
            ProgressBar::new(total)
                .with_style(style("{prefix:>14} {bar:30} {pos:>7}/{len:<7} {msg}"))
        };
        let bar = self.all.add(bar.with_prefix(step.title()));
        self.by_step
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(step, bar);
    }

    fn advance(&self, step: Step, done: u64, what: &str) {
        self.with(step, |bar| {
            bar.set_position(done);
            bar.set_message(what.to_owned());
        });
    }

    fn end(&self, step: Step, summary: &str) {
        self.with(step, |bar| bar.finish_with_message(summary.to_owned()));
    }
}
