//! Every dependency is under a licence that lets this program be used and handed on freely.

use std::process::Command;

use serde_json::Value;

const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "bzip2-1.0.6",
];

/// Whether an SPDX expression can be satisfied with allowed licences alone. `OR` binds weaker than
/// `AND`; parentheses occur only around `OR` groups.
fn acceptable(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    let mut depth = 0i32;
    let (mut parts, mut start) = (Vec::new(), 0);
    let bytes = expression.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ if depth == 0 && expression[at..].starts_with(" AND ") => {
                parts.push(&expression[start..at]);
                start = at + 5;
            }
            _ => {}
        }
    }
    parts.push(&expression[start..]);
    let single = parts.len() == 1;
    parts.into_iter().all(|part| {
        let inner = part.trim();
        let inner = match inner.strip_prefix('(').and_then(|s| s.strip_suffix(')')) {
            Some(inner) => return acceptable(inner),
            None => inner,
        };
        if single || !inner.contains(" AND ") {
            inner.split(" OR ").any(|one| ALLOWED.contains(&one.trim()))
        } else {
            acceptable(inner)
        }
    })
}

#[test]
fn licence_expressions_are_understood() {
    for good in [
        "MIT",
        "MIT/Apache-2.0",
        "GPL-3.0 OR MIT",
        "(MIT OR GPL-2.0) AND BSD-3-Clause",
    ] {
        assert!(acceptable(good), "{good}");
    }
    for bad in [
        "GPL-3.0",
        "AGPL-3.0-only",
        "MIT AND GPL-2.0",
        "(GPL-2.0 OR LGPL-3.0) AND MIT",
        "",
    ] {
        assert!(!acceptable(bad), "{bad}");
    }
}

#[test]
fn every_dependency_has_an_allowed_licence() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(
        packages.len() > 100,
        "cargo metadata lists the dependency tree"
    );
    let refused: Vec<String> = packages
        .iter()
        .filter(|package| !acceptable(package["license"].as_str().unwrap_or("")))
        .map(|package| {
            format!(
                "{} {}: {}",
                package["name"], package["version"], package["license"]
            )
        })
        .collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}
