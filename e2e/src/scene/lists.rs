//! Lists, and what is asked about them.

use prost_reflect::prost::Message as _;
use proto::todo::v1 as todo;

use crate::User;

/// Lists of the owner's.
pub(super) struct Lists {
    /// The one that has the todos.
    pub(super) list: todo::List,
    /// One to delete.
    doomed: todo::List,
    /// One that is deleted.
    deleted: todo::List,
}

impl Lists {
    pub(super) async fn of(owner: &mut User) -> Self {
        let client = &mut owner.client;
        let mut make = async |name: &str| client.new_list(name, "").await.expect("a list");
        let (list, doomed, deleted) = (make("Errands").await, make("Doomed").await, make("Deleted").await);
        let request = todo::DeleteListRequest { name: deleted.name.clone(), ..Default::default() };
        owner.client.lists.delete_list(request).await.expect("deleted");
        Self { list, doomed, deleted }
    }

    /// A request of an rpc of `ListService`.
    pub(super) fn request(&self, method: &str) -> Vec<u8> {
        let name = self.list.name.clone();
        match method {
            "todo.v1.ListService.ListLists" => Vec::new(),
            "todo.v1.ListService.CreateList" => {
                let list = todo::List { display_name: "Work".to_owned(), ..Default::default() };
                todo::CreateListRequest { list: Some(list), ..Default::default() }.encode_to_vec()
            }
            "todo.v1.ListService.GetList" => todo::GetListRequest { name }.encode_to_vec(),
            "todo.v1.ListService.UpdateList" => {
                let list = todo::List { name, display_name: "Chores".to_owned(), ..Default::default() };
                todo::UpdateListRequest { list: Some(list), ..Default::default() }.encode_to_vec()
            }
            "todo.v1.ListService.DeleteList" => {
                todo::DeleteListRequest { name: self.doomed.name.clone(), ..Default::default() }.encode_to_vec()
            }
            "todo.v1.ListService.UndeleteList" => {
                todo::UndeleteListRequest { name: self.deleted.name.clone(), ..Default::default() }.encode_to_vec()
            }
            other => panic!("{other} has no example here: add one, so that its fields and names are tested"),
        }
    }
}
