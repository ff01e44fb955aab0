//! The records turbines send, and the readers that take them apart again.
//!
//! | module | what it reads and writes |
//! |---|---|
//! | [`course`] | the original project's record: four strings, byte for byte |
//! | [`scada`] | one typed record a turbine |
//! | [`la_haute_borne`] | real SCADA data, published as CSV |
//! | [`json_stream`] | JSON values one after the other, as Firehose concatenates them |
//! | [`aggregate`] | several records in one, as the Kinesis Producer Library packs them |
//! | [`json_lines`] | one JSON object a line, as Athena's SerDes read |
//!
//! Invariant: a reader returns what it understood *and* what it did not. Every byte of its input
//! belongs to a row, to a reject or to white space between them; nothing is dropped in silence.
//! There are two JSON readers on purpose: they disagree about concatenated records, and that
//! disagreement is one a pipeline has to know about.

pub mod aggregate;
pub mod course;
mod generator;
pub mod json_lines;
pub mod json_stream;
pub mod la_haute_borne;
mod outgoing;
pub mod python;
pub mod scada;
mod scan;

pub use generator::Generator;
pub use outgoing::{KeyChoice, Outgoing};
