//! Who may do what with a list: every rpc that names one, a todo or a member, with everybody whom the list knows or knew,
//! answers exactly as the contract's table says.

use bytes::Bytes;
use e2e::refusal::told;
use e2e::scene::Scene;
use e2e::stage::{Cast, Stage};
use e2e::wire::{methods, path};
use e2e::{System, User};
use prost_reflect::{DynamicMessage, MethodDescriptor};
use proto::todo::v1::member::Role;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// The rpcs that name a list, and the least role that each takes.
fn rpcs() -> Vec<(MethodDescriptor, Role)> {
    let least = |method: &MethodDescriptor| proto::access::rule(&path(method)).and_then(|rule| rule.least_role);
    methods().into_iter().filter_map(|method| least(&method).map(|role| (method, role))).collect()
}

/// Whether the answer is that there is no such thing.
fn is_hidden(answer: &Result<Bytes, Status>) -> bool {
    answer.as_ref().is_err_and(|status| told(status) == (Code::NotFound, "NOT_FOUND".to_owned()))
}

/// Whether the answer is that the role does not suffice.
fn is_refused(answer: &Result<Bytes, Status>) -> bool {
    let refusal = (Code::PermissionDenied, "ROLE_INSUFFICIENT".to_owned());
    answer.as_ref().is_err_and(|status| told(status) == refusal)
}

/// All that a refusal says on the wire, with the ids taken out.
fn said(stage: &Stage, answer: &Result<Bytes, Status>) -> (Code, String, String, Vec<String>) {
    let status = answer.as_ref().expect_err("a refusal");
    let details: String = status.details().iter().map(|byte| char::from(*byte)).collect();
    let mut headers: Vec<_> = status.metadata().clone().into_headers().keys().map(ToString::to_string).collect();
    headers.sort();
    // The entries of a map are in no order: what they say counts.
    let mut details: Vec<_> = stage.without_ids(&details).chars().collect();
    details.sort_unstable();
    (status.code(), stage.without_ids(status.message()), details.into_iter().collect(), headers)
}

/// Asserts that the user is told of this list what everybody is told of none.
async fn assert_hidden(scene: &Scene, user: &User, stage: &Stage, method: &MethodDescriptor, request: &DynamicMessage) {
    let here = scene.send_as(user, method, request).await;
    let nowhere = scene.send_as(user, method, &Stage::missing(request)).await;
    assert!(is_hidden(&here), "{}: {here:?}", method.full_name());
    assert_eq!(said(stage, &here), said(stage, &nowhere), "{}", method.full_name());
}

#[tokio::test]
async fn each_role_may_do_what_the_table_says_and_nothing_else() {
    let system = System::start().await;
    let (scene, mut cast) = (Scene::of(&system).await, Box::pin(Cast::of(&system)).await);
    let rpcs = rpcs();
    assert!(rpcs.len() >= 15, "the contract has {} rpcs about lists only", rpcs.len());
    for (method, least) in rpcs {
        for role in [Role::Viewer, Role::Editor, Role::Owner] {
            // Each has a list of their own, for what one does may leave nothing to the next.
            let stage = cast.stage().await;
            let user = match role {
                Role::Viewer => &cast.viewer,
                Role::Editor => &cast.editor,
                _ => &cast.owner,
            };
            let answer = scene.send_as(user, &method, &stage.set(&scene.request(&method))).await;
            let context = format!("{} by {role:?}: {answer:?}", method.full_name());
            assert!(!is_hidden(&answer), "{context}");
            assert_eq!(is_refused(&answer), role < least, "{context}");
            if let Err(status) = answer
                && role < least
            {
                let named = status.get_details_error_info().expect("a reason").metadata["role"].clone();
                assert_eq!(format!("ROLE_{named}"), least.as_str_name(), "{context}");
            }
        }
    }
}

#[tokio::test]
async fn a_stranger_and_a_removed_member_are_told_that_there_is_nothing() {
    let system = System::start().await;
    let (scene, mut cast) = (Scene::of(&system).await, Box::pin(Cast::of(&system)).await);
    let stage = cast.stage().await;
    for (method, _) in rpcs() {
        let request = stage.set(&scene.request(&method));
        for user in [&cast.stranger, &cast.removed] {
            assert_hidden(&scene, user, &stage, &method, &request).await;
        }
    }
}

#[tokio::test]
async fn of_a_deleted_list_everybody_is_told_that_there_is_nothing_but_its_owner_can_see_it_and_bring_it_back() {
    let system = System::start().await;
    let (scene, mut cast) = (Scene::of(&system).await, Box::pin(Cast::of(&system)).await);
    let stage = cast.stage().await;
    cast.owner.client.delete_list(&stage.list()).await.unwrap();
    for (method, _) in rpcs() {
        let request = stage.set(&scene.request(&method));
        for user in [&cast.stranger, &cast.removed, &cast.viewer, &cast.editor] {
            assert_hidden(&scene, user, &stage, &method, &request).await;
        }
        if !["GetList", "UndeleteList"].contains(&method.name()) {
            assert_hidden(&scene, &cast.owner, &stage, &method, &request).await;
        }
    }
    cast.owner.client.list(&stage.list()).await.unwrap();
    cast.owner.client.undelete_list(&stage.list()).await.unwrap();
    cast.viewer.client.list(&stage.list()).await.unwrap();
}
