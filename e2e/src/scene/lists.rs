//! Lists, and what is asked about them.

use prost_reflect::prost::Message as _;
use proto::todo::v1 as todo;
use proto::todo::v1::member::Role;

use crate::User;

/// Ids of users whom nobody knows: todo-service takes them as they are.
const SOMEBODY: &str = "users/01890a5d-ac96-774b-bcce-b302099a8051";
const SOMEBODY_ELSE: &str = "users/01890a5d-ac96-774b-bcce-b302099a8052";

/// Lists of the owner's, and one that somebody else shares with them.
pub(super) struct Lists {
    /// The one that has the todos.
    pub(super) list: todo::List,
    /// One to delete.
    doomed: todo::List,
    /// One that is deleted.
    deleted: todo::List,
    /// Members to change and to remove, each of a list of its own: it may be handed over.
    members: [todo::Member; 2],
    /// One to leave.
    foreign: todo::List,
}

impl Lists {
    pub(super) async fn of(owner: &mut User, other: &mut User) -> Self {
        let client = &mut owner.client;
        let mut make = async |name: &str| client.new_list(name, "").await.expect("a list");
        let (list, doomed, deleted) = (make("Errands").await, make("Doomed").await, make("Deleted").await);
        let request = todo::DeleteListRequest { name: deleted.name.clone(), ..Default::default() };
        owner.client.lists.delete_list(request).await.expect("deleted");
        let mut share = async |user| {
            let list = owner.client.new_list("Shared", "").await.expect("a list").name;
            owner.client.share(&list, user, Role::Viewer).await.expect("a member")
        };
        let members = [share(SOMEBODY).await, share(SOMEBODY_ELSE).await];
        let foreign = other.client.new_list("Foreign", "").await.expect("a list");
        let user = owner.granted.user.clone().expect("a user").name;
        other.client.share(&foreign.name, &user, Role::Viewer).await.expect("a member");
        Self { list, doomed, deleted, members, foreign }
    }

    /// The names of the owner's lists.
    pub(super) fn names(&self) -> Vec<String> {
        [&self.list, &self.doomed, &self.deleted].map(|list| list.name.clone()).into()
    }

    /// The names of members of the owner's lists.
    pub(super) fn members(&self) -> Vec<String> {
        self.members.iter().map(|member| member.name.clone()).collect()
    }

    /// A request of an rpc of `ListService` or `MemberService`.
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
            "todo.v1.MemberService.ShareList" => {
                let role = Role::Editor.into();
                todo::ShareListRequest { list: name, user: SOMEBODY.to_owned(), role }.encode_to_vec()
            }
            "todo.v1.MemberService.ListMembers" => {
                todo::ListMembersRequest { parent: name, ..Default::default() }.encode_to_vec()
            }
            "todo.v1.MemberService.UpdateMember" => {
                let todo::Member { name, .. } = self.members[0].clone();
                let member = todo::Member { name, role: Role::Editor.into(), ..Default::default() };
                todo::UpdateMemberRequest { member: Some(member), ..Default::default() }.encode_to_vec()
            }
            "todo.v1.MemberService.RemoveMember" => {
                todo::RemoveMemberRequest { name: self.members[1].name.clone(), ..Default::default() }.encode_to_vec()
            }
            "todo.v1.MemberService.LeaveList" => {
                todo::LeaveListRequest { list: self.foreign.name.clone() }.encode_to_vec()
            }
            other => panic!("{other} has no example here: add one, so that its fields and names are tested"),
        }
    }
}
