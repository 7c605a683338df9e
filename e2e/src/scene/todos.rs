//! What is asked about todos.

use prost_reflect::prost::Message as _;
use proto::todo::v1 as todo;

use super::Scene;

impl Scene {
    pub(super) fn about_todos(&self, method: &str) -> Vec<u8> {
        let (parent, name) = (self.list.name.clone(), self.todo.name.clone());
        match method {
            "todo.v1.TodoService.CreateTodo" => creation(parent).encode_to_vec(),
            "todo.v1.TodoService.GetTodo" => todo::GetTodoRequest { name }.encode_to_vec(),
            "todo.v1.TodoService.ListTodos" => todo::ListTodosRequest { parent, ..Default::default() }.encode_to_vec(),
            "todo.v1.TodoService.WatchTodos" => {
                todo::WatchTodosRequest { parent, ..Default::default() }.encode_to_vec()
            }
            "todo.v1.TodoService.ImportTodos" => {
                let todo = todo::Todo { title: "Read".to_owned(), ..Default::default() };
                let todos = vec![todo::TransferredTodo { todo: Some(todo), ..Default::default() }];
                let icalendar = b"BEGIN:VTODO\r\nUID:a@b\r\nSUMMARY:Buy milk\r\nEND:VTODO\r\n".to_vec();
                let request_id = "0c9b0bd4-93a8-4f1c-a9c1-3f0dcbd6f5e7".to_owned();
                todo::ImportTodosRequest { parent, request_id, icalendar, todos }.encode_to_vec()
            }
            "todo.v1.TodoService.ExportTodos" => {
                todo::ExportTodosRequest { parent, ..Default::default() }.encode_to_vec()
            }
            "todo.v1.TodoService.UpdateTodo" => update(name).encode_to_vec(),
            "todo.v1.TodoService.CompleteTodo" => {
                todo::CompleteTodoRequest { name, ..Default::default() }.encode_to_vec()
            }
            "todo.v1.TodoService.ReopenTodo" => todo::ReopenTodoRequest { name, ..Default::default() }.encode_to_vec(),
            "todo.v1.TodoService.MoveTodo" => {
                todo::MoveTodoRequest { name: self.moving.name.clone(), ..Default::default() }.encode_to_vec()
            }
            "todo.v1.TodoService.UndeleteTodo" => {
                todo::UndeleteTodoRequest { name: self.buried.name.clone(), ..Default::default() }.encode_to_vec()
            }
            "todo.v1.TodoService.DeleteTodo" => {
                todo::DeleteTodoRequest { name: self.doomed[0].name.clone(), ..Default::default() }.encode_to_vec()
            }
            other => self.about_batches(other),
        }
    }

    /// Batches of one, in no list in particular.
    fn about_batches(&self, method: &str) -> Vec<u8> {
        let (parent, request_id) = ("lists/-".to_owned(), String::new());
        let name = self.todo.name.clone();
        match method {
            "todo.v1.TodoService.BatchCreateTodos" => {
                let requests = vec![creation(self.list.name.clone())];
                todo::BatchCreateTodosRequest { parent, requests, request_id }.encode_to_vec()
            }
            "todo.v1.TodoService.BatchGetTodos" => {
                todo::BatchGetTodosRequest { parent, names: vec![name] }.encode_to_vec()
            }
            "todo.v1.TodoService.BatchUpdateTodos" => {
                todo::BatchUpdateTodosRequest { parent, requests: vec![update(name)], request_id }.encode_to_vec()
            }
            "todo.v1.TodoService.BatchDeleteTodos" => {
                let name = self.doomed[1].name.clone();
                let requests = vec![todo::DeleteTodoRequest { name, ..Default::default() }];
                todo::BatchDeleteTodosRequest { parent, requests, request_id }.encode_to_vec()
            }
            other => panic!("{other} has no example here: add one, so that its fields and names are tested"),
        }
    }
}

fn creation(parent: String) -> todo::CreateTodoRequest {
    let (title, notes) = ("Read".to_owned(), "A book".to_owned());
    let todo = todo::Todo { title, notes, due: Some(christmas_eve()), ..Default::default() };
    todo::CreateTodoRequest { parent, todo: Some(todo), ..Default::default() }
}

fn update(name: String) -> todo::UpdateTodoRequest {
    let todo = todo::Todo { name, title: "Buy tea".to_owned(), due: Some(christmas_eve()), ..Default::default() };
    todo::UpdateTodoRequest { todo: Some(todo), ..Default::default() }
}

/// A due at a time in a zone.
fn christmas_eve() -> todo::Due {
    let (local_time, time_zone) = ("2026-12-24T18:30:00".to_owned(), "Europe/Berlin".to_owned());
    let time = todo::ZonedTime { local_time, time_zone, instant: None };
    todo::Due { when: Some(todo::due::When::DateTime(time)) }
}
