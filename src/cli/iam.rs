//! `windfarm iam policy`: the least policy of what was asked of an emulator that audits or enforces.

use std::process::ExitCode;

use serde_json::Value;

use crate::base::limits::iam::MANAGED_POLICY_MAX_CHARS;
use crate::cli::args::IamCommand;
use crate::cli::failure::Failure;
use crate::cli::{health, output};

/// Asks a running emulator and prints policies.
pub async fn run(command: IamCommand) -> Result<ExitCode, Failure> {
    let IamCommand::Policy(args) = command;
    let endpoint = args.place.endpoint();
    let answer = health::get(&endpoint, "/_windfarm/iam/audit").await?;
    let report: Value = serde_json::from_str(&answer.body)
        .map_err(|_| Failure::new(format!("what answers at {endpoint} is no windfarm")))?;
    if report.get("iam").and_then(Value::as_str) == Some("off") {
        return Err(Failure::new(
            "nothing was noted: start the emulator with `windfarm up --iam audit` (or enforce), then \
             run what is to be allowed",
        ));
    }
    output::line(text(args.principal.as_deref(), args.json, &report)?);
    Ok(ExitCode::SUCCESS)
}

fn text(wanted: Option<&str>, as_json: bool, report: &Value) -> Result<String, Failure> {
    let principals = report["principals"].as_array();
    let principals: Vec<&Value> = principals.into_iter().flatten().collect();
    let Some(wanted) = wanted else {
        if as_json {
            return Ok(report.to_string());
        }
        let sections: Vec<String> = principals.iter().map(|one| section(one)).collect();
        return match sections.is_empty() {
            true => Err(Failure::new("nobody has asked for anything yet")),
            false => Ok(sections.join("\n\n")),
        };
    };
    let is_wanted = |one: &Value| {
        let name = one["principal"].as_str().unwrap_or_default();
        name == wanted
            || name.ends_with(&format!("/{wanted}"))
            || name.ends_with(&format!(":{wanted}"))
    };
    let found: Vec<&&Value> = principals.iter().filter(|one| is_wanted(one)).collect();
    match found.as_slice() {
        [one] if one["policy"].is_null() => {
            Err(Failure::new(format!("{wanted} needed no permission")))
        }
        [one] => Ok(pretty(&one["policy"])),
        [] => {
            let names = principals
                .iter()
                .filter_map(|one| one["principal"].as_str());
            let names: Vec<&str> = names.collect();
            Err(Failure::new(format!(
                "{wanted} has asked for nothing; seen were: {}",
                names.join(", ")
            )))
        }
        _ => Err(Failure::new(format!(
            "{wanted} is the name of several; give the whole ARN"
        ))),
    }
}

/// One principal: what it needed, and what its policies of that moment did not allow.
fn section(one: &Value) -> String {
    let mut text = format!("# {}", one["principal"].as_str().unwrap_or_default());
    for denied in one["denied"].as_array().into_iter().flatten() {
        let part = |name: &str| denied[name].as_str().unwrap_or_default().to_owned();
        text.push_str(&format!(
            "\n# not allowed by its policies: {} on {}",
            part("action"),
            part("resource")
        ));
    }
    let policy = &one["policy"];
    if policy.is_null() {
        text.push_str("\n# needed no permission");
        return text;
    }
    if policy.to_string().len() > MANAGED_POLICY_MAX_CHARS {
        text.push_str(&format!(
            "\n# longer than the {MANAGED_POLICY_MAX_CHARS} characters a managed policy may have: \
             split it by statements"
        ));
    }
    format!("{text}\n{}", pretty(policy))
}

fn pretty(policy: &Value) -> String {
    serde_json::to_string_pretty(policy).unwrap_or_else(|_| policy.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report() -> Value {
        let statement = json!({"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::lake/a"]});
        json!({"iam": "audit", "principals": [
            {"principal": "arn:aws:iam::000000000000:root", "policy": null, "denied": []},
            {"principal": "arn:aws:iam::000000000000:user/ann",
                "policy": {"Version": "2012-10-17", "Statement": [statement]},
                "denied": [{"action": "s3:GetObject", "resource": "arn:aws:s3:::lake/a"}]},
        ]})
    }

    fn shown(principal: Option<&str>) -> Result<String, Failure> {
        text(principal, false, &report())
    }

    #[test]
    fn a_principal_is_found_by_its_name_and_its_policy_is_a_document() {
        for name in ["ann", "user/ann", "arn:aws:iam::000000000000:user/ann"] {
            let policy: Value = serde_json::from_str(&shown(Some(name)).unwrap()).unwrap();
            assert_eq!(policy, report()["principals"][1]["policy"]);
        }
        let missing = format!("{:?}", shown(Some("bob")).unwrap_err());
        assert!(missing.contains("user/ann"), "{missing}");
    }

    #[test]
    fn all_of_them_are_shown_with_what_was_not_allowed() {
        let text = shown(None).unwrap();
        for part in [
            "# arn:aws:iam::000000000000:root",
            "# needed no permission",
            "# not allowed by its policies: s3:GetObject",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }
}
