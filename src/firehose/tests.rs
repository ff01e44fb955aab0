use super::*;
use crate::base::{Call, Seed};
use serde_json::json;

mod keys;
