//! Which part of a host name is a bucket.

use http::header::HOST;
use http::request::Parts;

use crate::wire::s3::answer::ErrorAnswer;

/// The domains under which buckets are addressed as `bucket.domain`, `bucket.s3.domain` and
/// `bucket.s3.region.domain`. Any other host, and any IP address, is addressed path style.
#[derive(Clone, Debug)]
pub struct Hosts {
    domains: Vec<String>,
}

/// Under these only `s3`-labelled names are S3's.
const AWS_DOMAINS: [&str; 2] = ["amazonaws.com", "amazonaws.com.cn"];

impl Default for Hosts {
    /// `localhost`, LocalStack's public alias of it, and AWS's own domains.
    fn default() -> Self {
        Self::with_domains(DEFAULT_DOMAINS)
    }
}

/// `localhost`, and LocalStack's public alias of it.
const DEFAULT_DOMAINS: [&str; 2] = ["localhost", "localhost.localstack.cloud"];

impl Hosts {
    /// The default domains and these: what `--s3-host` asks for.
    pub fn with_more(domains: &[String]) -> Self {
        let default = DEFAULT_DOMAINS.map(str::to_owned);
        Self::with_domains(default.into_iter().chain(domains.iter().cloned()))
    }

    /// These domains, and AWS's own.
    pub fn with_domains<T: Into<String>>(domains: impl IntoIterator<Item = T>) -> Self {
        let mut domains: Vec<String> = domains.into_iter().map(Into::into).collect();
        domains.extend(AWS_DOMAINS.map(str::to_owned));
        // The longest first, so that the most specific domain decides.
        domains.sort_by_key(|domain| std::cmp::Reverse(domain.len()));
        Self { domains }
    }

    /// The bucket that a `Host` header names, with or without a port.
    pub fn bucket<'h>(&self, host: &'h str) -> Option<&'h str> {
        let host = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => host,
        };
        let host = host.strip_suffix('.').unwrap_or(host);
        let (domain, rest) = self.domains.iter().find_map(|domain| {
            let rest = strip_suffix_ignoring_case(host, domain)?;
            match rest {
                "" => Some((domain, "")),
                _ => Some((domain, rest.strip_suffix('.')?)),
            }
        })?;
        let bucket = match service_label(rest) {
            Some(at) => rest.get(..at.saturating_sub(1))?,
            None if AWS_DOMAINS.contains(&domain.as_str()) => "",
            None => rest,
        };
        (!bucket.is_empty()).then_some(bucket)
    }
}

fn strip_suffix_ignoring_case<'h>(host: &'h str, suffix: &str) -> Option<&'h str> {
    let at = host.len().checked_sub(suffix.len())?;
    let (rest, end) = host.split_at_checked(at)?;
    end.eq_ignore_ascii_case(suffix).then_some(rest)
}

/// Where in `rest` the `s3…` label starts that ends a bucket's name: `s3`, `s3-region`, or followed
/// by a region and `dualstack`.
fn service_label(rest: &str) -> Option<usize> {
    let mut at = rest.len();
    for label in rest.rsplit('.') {
        at -= label.len();
        if label == "s3" || label == "s3-accelerate" || label.starts_with("s3-fips") {
            return Some(at);
        }
        if let Some(region) = label.strip_prefix("s3-")
            && is_region(region)
        {
            return Some(at);
        }
        if label != "dualstack" && !is_region(label) {
            return None;
        }
        at = at.saturating_sub(1);
    }
    None
}

fn is_region(label: &str) -> bool {
    let mut parts = label.split('-');
    let area = parts.next().is_some_and(|area| area.len() == 2);
    let number = parts
        .next_back()
        .is_some_and(|number| matches!(number.as_bytes(), [b'0'..=b'9']));
    area && number && parts.next().is_some()
}

/// Turns a virtual-host style request into a path-style one, so that all that follows sees one form.
pub(super) fn to_path_style(parts: &mut Parts, hosts: &Hosts) -> Result<(), ErrorAnswer> {
    let host = match parts.headers.remove(HOST) {
        Some(value) => value.to_str().unwrap_or_default().to_owned(),
        // HTTP/2 carries it as the authority of the URI.
        None => parts
            .uri
            .authority()
            .map(|authority| authority.to_string())
            .unwrap_or_default(),
    };
    let path_and_query = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let path = match hosts.bucket(&host) {
        Some(bucket) => format!("/{bucket}{path_and_query}"),
        None => path_and_query.to_owned(),
    };
    parts.uri = path
        .parse()
        .map_err(|_| ErrorAnswer::new(400, "InvalidURI", "Couldn't parse the specified URI."))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_found_in_host_names() {
        let hosts = Hosts::default();
        let check = |host: &str, expected: Option<&str>| {
            assert_eq!(hosts.bucket(host), expected, "{host}");
        };
        check("localhost", None);
        check("localhost:4566", None);
        check("s3.localhost:4566", None);
        check("s3.eu-west-1.localhost:4566", None);
        check("wind.localhost:4566", Some("wind"));
        check("wind.s3.localhost:4566", Some("wind"));
        check("my.wind.farm.s3.us-east-1.localhost", Some("my.wind.farm"));
        check("my.wind.localhost", Some("my.wind"));
        check("wind.s3.localhost.localstack.cloud:4566", Some("wind"));
        check("wind.s3.us-east-1.amazonaws.com", Some("wind"));
        check("wind.s3.dualstack.us-east-1.amazonaws.com", Some("wind"));
        check("wind.s3-eu-west-1.amazonaws.com", Some("wind"));
        check("s3.us-east-1.amazonaws.com", None);
        check("s3.amazonaws.com", None);
        check("wind.s3.amazonaws.com", Some("wind"));
        check("kinesis.us-east-1.amazonaws.com", None);
        check("127.0.0.1:4566", None);
        check("windfarm:4566", None);
        check("notlocalhost", None);
        let own = Hosts::with_domains(["windfarm"]);
        assert_eq!(own.bucket("wind.windfarm:4566"), Some("wind"));
        let more = Hosts::with_more(&["s3.farm.test".to_owned()]);
        assert_eq!(more.bucket("wind.s3.farm.test"), Some("wind"));
        assert_eq!(more.bucket("s3.farm.test:4566"), None);
        assert_eq!(more.bucket("wind.localhost"), Some("wind"));
    }
}
