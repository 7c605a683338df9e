//! The calls that tests make most, each as short as a sentence about it.

use prost_types::FieldMask;
use proto::auth::v1::{GetUserRequest, RefreshTokensRequest, RefreshTokensResponse, UpdateUserRequest, User};
use proto::todo::v1::member::Role;
use proto::todo::v1::{
    CompleteTodoRequest, CreateListRequest, CreateTodoRequest, DeleteListRequest, DeleteTodoRequest, GetListRequest,
    GetTodoRequest, List, ListListsRequest, ListListsResponse, ListTodosRequest, ListTodosResponse, Member,
    RemoveMemberRequest, ReopenTodoRequest, ShareListRequest, Todo, UndeleteListRequest, UpdateTodoRequest,
};
use tonic::Status;

use crate::Client;

impl Client {
    /// The user behind the token.
    pub async fn me(&mut self) -> Result<User, Status> {
        Ok(self.users.get_user(GetUserRequest { name: "users/me".to_owned() }).await?.into_inner())
    }

    /// Changes a user.
    pub async fn update_user(&mut self, user: &User, paths: Option<&[&str]>) -> Result<User, Status> {
        let request = UpdateUserRequest { user: Some(user.clone()), update_mask: paths.map(mask) };
        Ok(self.users.update_user(request).await?.into_inner())
    }

    /// New tokens for a refresh token.
    pub async fn refresh(&mut self, token: &str) -> Result<RefreshTokensResponse, Status> {
        let request = RefreshTokensRequest { refresh_token: token.to_owned() };
        let refreshed = self.auth.refresh_tokens(request).await?.into_inner();
        log_guard::plant(&refreshed.access_token);
        log_guard::plant(&refreshed.refresh_token);
        Ok(refreshed)
    }

    /// A list.
    pub async fn list(&mut self, name: &str) -> Result<List, Status> {
        Ok(self.lists.get_list(GetListRequest { name: name.to_owned() }).await?.into_inner())
    }

    /// A page of lists.
    pub async fn lists(&mut self, page_size: i32, page_token: &str) -> Result<ListListsResponse, Status> {
        let request = ListListsRequest { page_size, page_token: page_token.to_owned(), ..Default::default() };
        Ok(self.lists.list_lists(request).await?.into_inner())
    }

    /// Makes a list; the id may be empty.
    pub async fn new_list(&mut self, name: &str, list_id: &str) -> Result<List, Status> {
        let list = List { display_name: name.to_owned(), ..Default::default() };
        let request = CreateListRequest { list: Some(list), list_id: list_id.to_owned() };
        Ok(self.lists.create_list(request).await?.into_inner())
    }

    /// Makes somebody a member of a list.
    pub async fn share(&mut self, list: &str, user: &str, role: Role) -> Result<Member, Status> {
        let request = ShareListRequest { list: list.to_owned(), user: user.to_owned(), role: role.into() };
        Ok(self.members.share_list(request).await?.into_inner())
    }

    /// Ends a membership.
    pub async fn remove_member(&mut self, name: &str) -> Result<(), Status> {
        let request = RemoveMemberRequest { name: name.to_owned(), ..Default::default() };
        self.members.remove_member(request).await.map(|_| ())
    }

    /// Deletes a list.
    pub async fn delete_list(&mut self, name: &str) -> Result<List, Status> {
        let request = DeleteListRequest { name: name.to_owned(), ..Default::default() };
        Ok(self.lists.delete_list(request).await?.into_inner())
    }

    /// Brings a deleted list back.
    pub async fn undelete_list(&mut self, name: &str) -> Result<List, Status> {
        let request = UndeleteListRequest { name: name.to_owned(), ..Default::default() };
        Ok(self.lists.undelete_list(request).await?.into_inner())
    }

    /// Makes a todo that is a title.
    pub async fn new_todo(&mut self, parent: &str, title: &str) -> Result<Todo, Status> {
        let todo = Some(Todo { title: title.to_owned(), ..Default::default() });
        self.create(CreateTodoRequest { parent: parent.to_owned(), todo, ..Default::default() }).await
    }

    /// Makes a todo.
    pub async fn create(&mut self, request: CreateTodoRequest) -> Result<Todo, Status> {
        Ok(self.todos.create_todo(request).await?.into_inner())
    }

    /// A todo.
    pub async fn todo(&mut self, name: &str) -> Result<Todo, Status> {
        Ok(self.todos.get_todo(GetTodoRequest { name: name.to_owned() }).await?.into_inner())
    }

    /// A page of todos.
    pub async fn page(&mut self, parent: &str, page_size: i32, page_token: &str) -> Result<ListTodosResponse, Status> {
        let request = ListTodosRequest {
            parent: parent.to_owned(),
            page_size,
            page_token: page_token.to_owned(),
            ..Default::default()
        };
        Ok(self.todos.list_todos(request).await?.into_inner())
    }

    /// Changes a todo.
    pub async fn update_todo(&mut self, todo: &Todo, paths: Option<&[&str]>) -> Result<Todo, Status> {
        let request =
            UpdateTodoRequest { todo: Some(todo.clone()), update_mask: paths.map(mask), ..Default::default() };
        Ok(self.todos.update_todo(request).await?.into_inner())
    }

    /// Completes a todo; the etag may be empty.
    pub async fn complete(&mut self, name: &str, etag: &str) -> Result<Todo, Status> {
        let request = CompleteTodoRequest { name: name.to_owned(), etag: etag.to_owned() };
        Ok(self.todos.complete_todo(request).await?.into_inner())
    }

    /// Reopens a todo; the etag may be empty.
    pub async fn reopen(&mut self, name: &str, etag: &str) -> Result<Todo, Status> {
        let request = ReopenTodoRequest { name: name.to_owned(), etag: etag.to_owned() };
        Ok(self.todos.reopen_todo(request).await?.into_inner())
    }

    /// Deletes a todo; the etag may be empty.
    pub async fn delete(&mut self, name: &str, etag: &str) -> Result<Todo, Status> {
        let request = DeleteTodoRequest { name: name.to_owned(), etag: etag.to_owned() };
        Ok(self.todos.delete_todo(request).await?.into_inner())
    }
}

fn mask(paths: &[&str]) -> FieldMask {
    FieldMask { paths: paths.iter().map(ToString::to_string).collect() }
}
