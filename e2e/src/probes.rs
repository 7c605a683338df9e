//! What an operator asks a service: its probes and metrics, over plain HTTP.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The status line's code and everything below it.
///
/// # Errors
/// When nobody answers, or not in HTTP.
pub async fn get(probes: SocketAddr, path: &str) -> io::Result<(u16, String)> {
    let mut http = TcpStream::connect(probes).await?;
    http.write_all(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    http.read_to_string(&mut answer).await?;
    let code = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    Ok((code.ok_or(io::ErrorKind::InvalidData)?, answer))
}

/// The value of one counter, labels included in its name; 0 before it was first counted.
///
/// # Panics
/// When the service does not tell its metrics.
pub async fn count(probes: SocketAddr, name: &str) -> u64 {
    value(probes, name).await.map_or(0, |value| value.parse().expect("a count"))
}

/// Whether todo-service has heard auth-service; before that it has no keys to check tokens by.
///
/// # Panics
/// When it does not tell its metrics.
pub async fn hears_auth_service(todo_probes: SocketAddr) -> bool {
    let age = value(todo_probes, "auth_feed_age_seconds").await;
    age.is_some_and(|age| age.parse::<f64>().is_ok_and(f64::is_finite))
}

async fn value(probes: SocketAddr, name: &str) -> Option<String> {
    let (_, metrics) = get(probes, "/metrics").await.expect("metrics");
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.map(|value| value.trim().to_owned())
}
