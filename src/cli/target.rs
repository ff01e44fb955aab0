//! From arguments to a place and a production.

use crate::base::{Clock, Seed};
use crate::cli::args::{GeneratorArgs, KeyName, TargetArgs, TargetName};
use crate::cli::failure::Failure;
use crate::emulator::{Emulator, Settings};
use crate::pipeline::plan::Production;
use crate::reading::KeyChoice;
use crate::target::{LOCALSTACK_ENDPOINT, Target};

/// Share of broken readings unless told: enough for every kind of them within a day.
const DEFAULT_DIRT: f64 = 0.002;

impl TargetArgs {
    /// Whether the place is an emulator of this process's own.
    pub fn is_local(&self) -> bool {
        self.endpoint.is_none() && self.target == TargetName::Local
    }

    /// The place. `clock` is that of an emulator in this process.
    pub fn place(&self, clock: Clock, seed: Seed) -> Target {
        if let Some(url) = &self.endpoint {
            return Target::Endpoint(url.clone());
        }
        match self.target {
            TargetName::Local => Target::Local(Emulator::start(Settings {
                clock,
                seed,
                ..Settings::default()
            })),
            TargetName::Localstack => Target::Endpoint(LOCALSTACK_ENDPOINT.to_owned()),
            TargetName::Aws => Target::Aws,
        }
    }
}

impl GeneratorArgs {
    /// The production these arguments ask for.
    pub fn production(&self) -> Result<Production, Failure> {
        let dirt = self.dirt.unwrap_or(DEFAULT_DIRT);
        if !(0.0..=1.0).contains(&dirt) {
            return Err(Failure::new(format!(
                "--dirt {dirt} is no share: give 0 to 1"
            )));
        }
        Ok(Production {
            seed: self.seed.map_or_else(Seed::random, Seed::new),
            start: self.start,
            duration: self.duration,
            interval: self.interval,
            turbines: self.turbines,
            zone: self.utc_offset.clone(),
            dirt,
            key: match self.partition_key {
                KeyName::Course => KeyChoice::Course,
                KeyName::Source => KeyChoice::Source,
                KeyName::Spread => KeyChoice::Spread,
            },
        })
    }
}
