//! A client, and what it believes.

use std::collections::HashMap;
use std::sync::Arc;

use proto::todo::v1 as wire;
use proto::todo::v1::watch_todos_response::Content;
use sqlx::PgConnection;
use todo_service::revision::Etag;
use uuid::Uuid;

use crate::scene::{Scene, id, table};
use crate::support::watching::Watching;

#[derive(Default)]
pub(crate) struct Client {
    parent: String,
    /// The lists that it should know.
    lists: Vec<Uuid>,
    token: String,
    /// The todos of each list: their revisions, and whether they are deleted.
    known: HashMap<Uuid, HashMap<Uuid, (i64, bool)>>,
    /// The last revision of each list that it was told.
    last: HashMap<Uuid, i64>,
    faults: Vec<String>,
}

impl Client {
    pub(crate) fn new(scene: &Scene, parent: &str) -> Self {
        Self { parent: parent.to_owned(), lists: scene.below(parent), ..Self::default() }
    }

    /// Watches through one replica from beginning to end.
    pub(crate) async fn stay(self, scene: Arc<Scene>, replica: usize) -> Vec<String> {
        let mut watching = scene.user(replica).watch(&self.parent, "").await.unwrap();
        self.read(&scene, &mut watching).await
    }

    /// Watches from the beginning, and reads when all is written.
    pub(crate) async fn sleep(self, scene: Arc<Scene>, replica: usize) -> Vec<String> {
        let (mut user, mut over) = (scene.user(replica), scene.over());
        let mut watching = user.watch(&self.parent, "").await.unwrap();
        over.wait_for(|over| *over).await.unwrap();
        self.read(&scene, &mut watching).await
    }

    /// Reads until all is written and all of that is known.
    async fn read(mut self, scene: &Scene, watching: &mut Watching) -> Vec<String> {
        let (mut admin, over) = (scene.admin().await, scene.over());
        // Said twice that nothing is missing, when all is written.
        let mut said = 0;
        loop {
            let is_over = *over.borrow();
            self.check(&mut admin).await;
            let missing = if is_over { self.missing(&mut admin).await } else { Vec::new() };
            if is_over && missing.is_empty() || said == 2 || !self.faults.is_empty() {
                return self.faults.into_iter().chain(missing).collect();
            }
            let content = watching.message().await.unwrap();
            said += usize::from(is_over && matches!(content, Content::Bookmark(_)));
            self.hear(&content);
        }
    }

    /// Takes one message at a time: after each it goes away, and comes back to the other replica.
    pub(crate) async fn come_and_go(mut self, scene: Arc<Scene>, first: usize) -> Vec<String> {
        let (mut admin, over) = (scene.admin().await, scene.over());
        for replica in first.. {
            let is_over = *over.borrow();
            let mut watching = scene.user(replica).watch(&self.parent, &self.token).await.unwrap();
            let content = watching.message().await.unwrap();
            self.token = watching.token;
            self.hear(&content);
            self.check(&mut admin).await;
            // Nothing was missing, when all was written.
            if is_over && matches!(content, Content::Bookmark(_)) {
                break;
            }
        }
        let missing = self.missing(&mut admin).await;
        self.faults.into_iter().chain(missing).collect()
    }

    fn hear(&mut self, content: &Content) {
        match content {
            Content::Reset(wire::Reset { list }) if list == "lists/-" => {
                self.known.clear();
                self.last.clear();
            }
            Content::Reset(wire::Reset { list }) | Content::Left(wire::ListLeft { list }) => {
                self.known.remove(&id(list));
                self.last.remove(&id(list));
            }
            Content::Changes(changes) => {
                for change in &changes.changes {
                    if let Some(wire::change::Change::Todo(todo)) = &change.change {
                        self.learn(todo);
                    }
                }
            }
            Content::Bookmark(_) => {}
        }
    }

    fn learn(&mut self, todo: &wire::Todo) {
        let list = id(todo.name.split("/todos/").next().unwrap());
        let revision = todo.etag.parse::<Etag>().unwrap().revision().count();
        let last = self.last.entry(list).or_default();
        if revision <= *last {
            self.faults.push(format!("{revision} of {list} was told after {last}"));
        }
        *last = revision;
        let known = (revision, todo.delete_time.is_some());
        self.known.entry(list).or_default().insert(id(&todo.name), known);
    }

    /// That no row is unknown which is below what was told last. A deleted one may be, where all was told anew after it.
    async fn check(&mut self, admin: &mut PgConnection) {
        for (list, todo, revision, deleted) in table(admin).await {
            let Some(last) = self.last.get(&list) else { continue };
            let known = self.known.get(&list).and_then(|todos| todos.get(&todo));
            let is_known = known == Some(&(revision, deleted)) || known.is_none() && deleted;
            if revision <= *last && !is_known {
                self.faults.push(format!("{todo} is at {revision} and known at {known:?}, though {last} was told"));
            }
        }
    }

    /// What differs from the table in the todos that are not deleted.
    async fn missing(&self, admin: &mut PgConnection) -> Vec<String> {
        let mut believed: HashMap<_, _> = HashMap::new();
        for (list, todos) in &self.known {
            let live = todos.iter().filter(|(_, (_, deleted))| !deleted);
            believed.extend(live.map(|(todo, (revision, _))| ((*list, *todo), *revision)));
        }
        let mut missing = Vec::new();
        for (list, todo, revision, deleted) in table(admin).await {
            if self.lists.contains(&list) && !deleted && believed.remove(&(list, todo)) != Some(revision) {
                missing.push(format!("{}: {todo} is at {revision}", self.parent));
            }
        }
        missing.extend(believed.into_keys().map(|(_, todo)| format!("{}: {todo} is gone", self.parent)));
        missing
    }
}
