//! `windfarm health`: whether an emulator answers, for container engines and scripts that have no
//! HTTP client at hand.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

use crate::cli::args::HealthArgs;
use crate::cli::failure::Failure;
use crate::cli::output;

/// Longer than a busy emulator takes to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// More than the books of a stream of thousands of shards have; a stranger on the port may send without end.
const ANSWER_MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Asks once; prints the health document, or fails with a line.
pub async fn run(args: HealthArgs) -> Result<ExitCode, Failure> {
    let endpoint = args.endpoint();
    let answer = get(&endpoint, "/_windfarm/health").await?;
    let document = document(&answer).map_err(|reason| refused(&endpoint, &reason))?;
    output::line(document);
    Ok(ExitCode::SUCCESS)
}

/// What an emulator answers.
#[derive(Debug)]
pub struct Answer {
    /// `HTTP/1.1 200 OK`
    status: String,
    /// The document.
    pub body: String,
}

impl Answer {
    /// `None` when the text is no answer of HTTP's.
    fn read(text: &str) -> Option<Self> {
        let (head, body) = text.split_once("\r\n\r\n")?;
        Some(Self {
            status: head.lines().next().unwrap_or_default().to_owned(),
            body: body.to_owned(),
        })
    }

    /// Whether it is what was asked for.
    pub fn is_ok(&self) -> bool {
        self.status.starts_with("HTTP/1.1 200 ")
    }
}

/// What the emulator at `endpoint` answers to a GET of one of its own paths.
pub async fn get(endpoint: &str, path: &str) -> Result<Answer, Failure> {
    let address = address(endpoint)?;
    let answer = tokio::time::timeout(PATIENCE, ask(&address, path))
        .await
        .map_err(|_| {
            refused(
                endpoint,
                &format!("no answer within {} s", PATIENCE.as_secs()),
            )
        })?
        .map_err(|error| refused(endpoint, &error.to_string()))?;
    Answer::read(&answer).ok_or_else(|| refused(endpoint, "what listens there does not speak HTTP"))
}

fn refused(endpoint: &str, reason: &str) -> Failure {
    Failure::new(format!(
        "no healthy windfarm at {endpoint}: {reason}; `windfarm up` starts one"
    ))
}

/// `host:port` of a plain HTTP endpoint.
fn address(endpoint: &str) -> Result<String, Failure> {
    let wrong = || {
        Failure::new(format!(
            "`{endpoint}` is no endpoint: write for example http://127.0.0.1:4566"
        ))
    };
    let url = Url::parse(endpoint).map_err(|_| wrong())?;
    match (url.scheme(), url.host_str(), url.port_or_known_default()) {
        ("http", Some(host), Some(port)) => Ok(format!("{host}:{port}")),
        _ => Err(wrong()),
    }
}

/// One request on a connection of its own; head and body of the answer.
async fn ask(address: &str, path: &str) -> io::Result<String> {
    let mut connection = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    connection
        .take(ANSWER_MAX_BYTES)
        .read_to_string(&mut answer)
        .await?;
    Ok(answer)
}

/// The health document of an answer, or what is wrong with it.
fn document(answer: &Answer) -> Result<&str, String> {
    if !answer.is_ok() {
        return Err(format!("it answers `{}`", answer.status));
    }
    let running = serde_json::from_str::<serde_json::Value>(&answer.body).is_ok_and(|document| {
        document
            .get("status")
            .is_some_and(|status| status == "running")
    });
    if !running {
        return Err("what answers there is something else".to_owned());
    }
    Ok(answer.body.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_plain_http() {
        let known = |endpoint| address(endpoint).ok();
        assert_eq!(known("http://localhost"), Some("localhost:80".to_owned()));
        assert_eq!(known("http://[::1]:4566/"), Some("[::1]:4566".to_owned()));
        for bad in ["https://localhost:4566", "localhost:4566", "4566", ""] {
            assert_eq!(known(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_a_running_emulator_is_healthy() {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
        let healthy = format!("{head}{{\"status\":\"running\"}}\n");
        let document = |text: &str| document(&Answer::read(text)?).map(str::to_owned).ok();
        assert_eq!(
            document(&healthy),
            Some("{\"status\":\"running\"}".to_owned())
        );
        for bad in [
            format!("{head}{{\"services\":{{}}}}"),
            format!("{head}<html>"),
            healthy.replace("200 OK", "503 Service Unavailable"),
            "SSH-2.0-OpenSSH_9.2\r\n".to_owned(),
            String::new(),
        ] {
            assert_eq!(document(&bad), None, "{bad}");
        }
    }
}
