//! Imports and exports.

mod exports;
mod imports;
mod interruptions;

use proto::todo::v1 as wire;
use proto::todo::v1::export_todos_request::Format;
use proto::todo::v1::import_finding::Kind;
use proto::todo::v1::import_todos_response::Content;
use tonic::{Status, Streaming};

use super::support::world::User;

/// What an import told: its findings (kind, line or number), and how far it was in the end.
#[derive(Debug, PartialEq)]
struct Told {
    findings: Vec<(Kind, i64, String)>,
    last: wire::ImportProgress,
}

/// A calendar of these lines.
fn calendar(lines: &[&str]) -> String {
    [&["BEGIN:VCALENDAR"], lines, &["END:VCALENDAR", ""]].concat().join("\r\n")
}

/// A VTODO of these properties.
fn vtodo(properties: &[&str]) -> String {
    [&["BEGIN:VTODO"], properties, &["END:VTODO", ""]].concat().join("\r\n")
}

fn text(parent: &str, icalendar: &str) -> wire::ImportTodosRequest {
    wire::ImportTodosRequest { parent: parent.into(), icalendar: icalendar.into(), ..Default::default() }
}

/// Sends all of an import, and hears all that is told.
async fn import(user: &mut User, requests: Vec<wire::ImportTodosRequest>) -> Result<Told, Status> {
    let answers = user.todos.import_todos(tokio_stream::iter(requests)).await?.into_inner();
    heard(answers).await
}

async fn heard(mut answers: Streaming<wire::ImportTodosResponse>) -> Result<Told, Status> {
    let mut told = Told { findings: Vec::new(), last: wire::ImportProgress::default() };
    while let Some(answer) = answers.message().await? {
        assert!(!told.last.done, "nothing follows what is done");
        match answer.content.unwrap() {
            Content::Progress(progress) => told.last = progress,
            Content::Finding(finding) => {
                let kind = finding.kind();
                told.findings.push((kind, finding.line.max(finding.number), finding.message));
            }
        }
    }
    Ok(told)
}

/// What an import that found nothing to say told.
fn done(created_count: i64, existing_count: i64) -> Told {
    let last = wire::ImportProgress { created_count, existing_count, done: true, ..Default::default() };
    Told { findings: Vec::new(), last }
}

async fn export(user: &mut User, parent: &str, format: Format) -> Result<Vec<wire::ExportTodosResponse>, Status> {
    let request = wire::ExportTodosRequest { parent: parent.into(), format: format.into() };
    let mut answers = user.todos.export_todos(request).await?.into_inner();
    let mut told = Vec::new();
    while let Some(answer) = answers.message().await? {
        told.push(answer);
    }
    Ok(told)
}

/// The whole text of a list.
async fn export_text(user: &mut User, parent: &str) -> String {
    let pieces = export(user, parent, Format::Icalendar).await.unwrap();
    String::from_utf8(pieces.into_iter().flat_map(|piece| piece.icalendar).collect()).unwrap()
}

/// All todos of a list, as messages.
async fn export_todos(user: &mut User, parent: &str) -> Vec<wire::TransferredTodo> {
    export(user, parent, Format::Todos).await.unwrap().into_iter().flat_map(|told| told.todos).collect()
}

/// The todos of a list, in its order.
async fn todos(user: &mut User, parent: &str) -> Vec<wire::Todo> {
    export_todos(user, parent).await.into_iter().map(|sent| sent.todo.unwrap()).collect()
}
