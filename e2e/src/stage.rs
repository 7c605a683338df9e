//! A shared list with everybody in it, and requests that are made to be about it.

use std::collections::HashMap;

use prost_reflect::{DynamicMessage, Value};
use proto::todo::v1::member::Role;
use uuid::Uuid;

use crate::{System, User};

/// A user whom nobody knows, as a member to work on.
const SOMEBODY: &str = "users/01890a5d-ac96-774b-bcce-b302099a8057";

/// Who there is, from the point of view of one list.
pub struct Cast {
    /// Has no part in it.
    pub stranger: User,
    /// Was an editor.
    pub removed: User,
    /// May read.
    pub viewer: User,
    /// May write.
    pub editor: User,
    /// Whose it is.
    pub owner: User,
}

/// A list of the owner's with a few todos.
pub struct Stage {
    list: Uuid,
    todos: Vec<Uuid>,
}

impl Cast {
    /// Everybody, registered and logged in.
    pub async fn of(system: &System) -> Self {
        let user = async |name| Box::pin(system.user(name)).await;
        Self {
            stranger: user("stranger").await,
            removed: user("removed").await,
            viewer: user("viewer").await,
            editor: user("editor").await,
            owner: user("owner").await,
        }
    }

    /// A new list with everybody in it.
    ///
    /// # Panics
    /// When something is refused.
    pub async fn stage(&mut self) -> Stage {
        let name = |user: &User| user.granted.user.clone().expect("a user").name;
        let (viewer, editor, removed) = (name(&self.viewer), name(&self.editor), name(&self.removed));
        let client = &mut self.owner.client;
        let list = client.new_list("ours", "").await.expect("a list").name;
        client.share(&list, &viewer, Role::Viewer).await.expect("a viewer");
        client.share(&list, &editor, Role::Editor).await.expect("an editor");
        client.share(&list, SOMEBODY, Role::Viewer).await.expect("a member");
        let gone = client.share(&list, &removed, Role::Editor).await.expect("an editor");
        client.remove_member(&gone.name).await.expect("removed");
        let mut todos = Vec::new();
        for title in ["one", "two", "three"] {
            let todo = client.new_todo(&list, title).await.expect("a todo").name;
            todos.push(last_id(&todo));
        }
        Stage { list: last_id(&list), todos }
    }
}

impl Stage {
    /// `lists/{uuid}`.
    #[must_use]
    pub fn list(&self) -> String {
        format!("lists/{}", self.list)
    }

    /// The same request about this list: each todo that it names becomes one of the list's, each member the one to work on.
    #[must_use]
    pub fn set(&self, request: &DynamicMessage) -> DynamicMessage {
        let (mut met, todos) = (HashMap::new(), &self.todos);
        renamed(request, &mut |name| {
            let next = met.len();
            let mut segments: Vec<String> = name.split('/').map(str::to_owned).collect();
            match segments.as_mut_slice() {
                [lists, list, rest @ ..] if lists == "lists" => {
                    *list = self.list.to_string();
                    match rest {
                        [kind, id] if kind == "todos" => {
                            let place = *met.entry(id.clone()).or_insert(next);
                            *id = todos[place % todos.len()].to_string();
                        }
                        [_, id] => *id = last_id(SOMEBODY).to_string(),
                        _ => {}
                    }
                }
                _ => {}
            }
            segments.join("/")
        })
    }

    /// A request about this list made one about a list that never was.
    #[must_use]
    pub fn missing(request: &DynamicMessage) -> DynamicMessage {
        renamed(request, &mut |name| {
            let other = |segment: &str| {
                let id = segment.parse::<Uuid>();
                id.map_or_else(|_| segment.to_owned(), |id| Uuid::from_u128(id.as_u128() ^ 0xffff).to_string())
            };
            if name.starts_with("lists/") {
                name.split('/').map(other).collect::<Vec<_>>().join("/")
            } else {
                name.into()
            }
        })
    }

    /// A text without the ids of this list, or of [`Stage::missing`] in its place.
    #[must_use]
    pub fn without_ids(&self, text: &str) -> String {
        let ids = self.todos.iter().chain([&self.list]).copied().chain([last_id(SOMEBODY)]);
        ids.fold(text.to_owned(), |text, id| {
            let missing = Uuid::from_u128(id.as_u128() ^ 0xffff).to_string();
            text.replace(&id.to_string(), "{id}").replace(&missing, "{id}")
        })
    }
}

/// A message with every text in it replaced.
fn renamed(message: &DynamicMessage, name: &mut impl FnMut(&str) -> String) -> DynamicMessage {
    let mut renamed = message.clone();
    for (field, value) in message.fields() {
        renamed.set_field(&field, with(value, name));
    }
    renamed
}

fn with(value: &Value, name: &mut impl FnMut(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(name(text)),
        Value::Message(message) => Value::Message(renamed(message, name)),
        Value::List(values) => Value::List(values.iter().map(|value| with(value, name)).collect()),
        other => other.clone(),
    }
}

fn last_id(name: &str) -> Uuid {
    name.rsplit('/').next().and_then(|id| id.parse().ok()).expect("an id at the end")
}
