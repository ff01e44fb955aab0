//! The gate as S3's front end sees it.

use serde_json::Value;

use super::{Gate, Refusal};
use crate::base::Call;
use crate::wire;
use crate::wire::s3::Refused;

impl wire::s3::Gate for Gate {
    fn looks(&self) -> bool {
        Self::looks(self)
    }

    fn permit(&self, call: &Call, operation: &str, asked: &Value) -> Result<(), Refused> {
        let asked = self.ask("s3", operation, call, asked);
        asked.map_err(|refusal| match refusal {
            Refusal::Denied(message) => Refused::Denied(message),
            Refusal::Unjudged(what) => Refused::Unjudged(what),
        })
    }
}
