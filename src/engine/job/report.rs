//! What a run of a graph did, in numbers that add up.

/// The result of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobReport {
    /// Every node in the order of execution, with the rows it produced (for a target: took).
    pub nodes: Vec<NodeReport>,
    /// What was read, a source each.
    pub sources: Vec<SourceReport>,
    /// What was written, a target each.
    pub targets: Vec<TargetReport>,
}

/// One node's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeReport {
    /// The node's id in the graph.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its kind, e.g. `ApplyMapping`.
    pub kind: &'static str,
    /// Rows that left it; for a target, rows that it wrote.
    pub rows: u64,
}

/// What a source read. Records in the objects = `rows` + `rejects`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceReport {
    /// The node's id in the graph.
    pub id: String,
    /// Objects read.
    pub objects: u64,
    /// Their size as stored, in bytes.
    pub bytes: u64,
    /// Records that became rows.
    pub rows: u64,
    /// Stretches of bytes that are no record.
    pub rejects: u64,
    /// Values that became NULL because they are not of their column's type; their rows were kept.
    pub conflicts: u64,
    /// Where the first rejects are and why.
    pub examples: Vec<String>,
}

/// What a target wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetReport {
    /// The node's id in the graph.
    pub id: String,
    /// Where to.
    pub path: String,
    /// Objects written.
    pub objects: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// Rows in them.
    pub rows: u64,
    /// Folders of the partition columns that were written to, as `dt=2025-04-30`.
    pub partitions: Vec<String>,
}
