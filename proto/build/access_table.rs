//! The access table: the options `access.v1.rule` and `todo.v1.least_role` of every rpc, as a sorted Rust array.

use std::fmt::Write as _;

use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, ReflectMessage as _, Value};

/// Name of the method option.
const OPTION: &str = "access.v1.rule";

/// Name of the method option that says which role the caller needs in the list that is named.
const LEAST_ROLE: &str = "todo.v1.least_role";

/// Name of the method option that maps it to HTTP.
const HTTP: &str = "google.api.http";

/// Who may call one rpc.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rule {
    /// As in the `:path` of a call: `/todo.v1.TodoService/GetTodo`.
    pub(crate) path: String,
    /// Name of the value of `access.v1.Caller`.
    pub(crate) caller: String,
    /// Names of the peers that may call; empty for all.
    pub(crate) peers: Vec<String>,
    /// Whether its `google.api.http` is a GET.
    pub(crate) safe: bool,
    /// Whether its requests may be larger than others.
    pub(crate) bulk: bool,
    /// Name of the value of `todo.v1.Member.Role`, where the request names a list.
    pub(crate) least_role: Option<String>,
}

/// The rules of all rpcs in the pool, sorted by path.
///
/// # Errors
/// One sentence for each rpc that has no rule, or one that means nothing.
pub(crate) fn rules(pool: &DescriptorPool) -> Result<Vec<Rule>, Vec<String>> {
    let mut rules = Vec::new();
    let mut faults = Vec::new();
    for method in pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
        match rule(pool, &method) {
            Ok(rule) => rules.push(rule),
            Err(fault) => faults.push(fault),
        }
    }
    rules.sort();
    if faults.is_empty() { Ok(rules) } else { Err(faults) }
}

fn rule(pool: &DescriptorPool, method: &MethodDescriptor) -> Result<Rule, String> {
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let option = pool
        .get_extension_by_name(OPTION)
        .filter(|option| method.options().has_extension(option))
        .ok_or_else(|| format!("{path} has no ({OPTION})"))?;
    let options = method.options();
    let value = options.get_extension(&option);
    let message = value.as_message().ok_or_else(|| format!("({OPTION}) is not a message"))?;
    let (safe, least_role) = (is_get(pool, &options), least_role(pool, &options));
    let bulk = message.get_field_by_name("bulk").and_then(|bulk| bulk.as_bool()).unwrap_or(false);
    let rule = Rule { path, caller: caller(message)?, peers: peers(message), safe, bulk, least_role };
    let path = &rule.path;
    match rule.caller.as_str() {
        "CALLER_UNSPECIFIED" => Err(format!("{path} has an ({OPTION}) that names no caller")),
        "CALLER_PEER" if rule.peers.is_empty() => {
            Err(format!("{path} is for CALLER_PEER and its ({OPTION}) names no peers"))
        }
        _ => Ok(rule),
    }
}

fn caller(rule: &DynamicMessage) -> Result<String, String> {
    let caller = rule.descriptor().get_field_by_name("caller").map(|field| field.kind());
    let number = rule.get_field_by_name("caller").and_then(|value| value.as_enum_number());
    caller
        .as_ref()
        .and_then(|kind| kind.as_enum())
        .zip(number)
        .and_then(|(callers, number)| callers.get_value(number))
        .map(|value| value.name().to_owned())
        .ok_or_else(|| format!("({OPTION}).caller is not a known value: {number:?}"))
}

fn peers(rule: &DynamicMessage) -> Vec<String> {
    let peers = rule.get_field_by_name("peers");
    let peers = peers.as_deref().and_then(Value::as_list).unwrap_or_default();
    peers.iter().filter_map(|peer| peer.as_str().map(str::to_owned)).collect()
}

fn is_get(pool: &DescriptorPool, options: &DynamicMessage) -> bool {
    let http = pool.get_extension_by_name(HTTP).filter(|http| options.has_extension(http));
    let http = http.map(|http| options.get_extension(&http).into_owned());
    http.as_ref().and_then(Value::as_message).is_some_and(|http| http.has_field_by_name("get"))
}

fn least_role(pool: &DescriptorPool, options: &DynamicMessage) -> Option<String> {
    let option = pool.get_extension_by_name(LEAST_ROLE).filter(|option| options.has_extension(option))?;
    let role = options.get_extension(&option).as_enum_number()?;
    Some(option.kind().as_enum()?.get_value(role)?.name().to_owned())
}

/// The body of `proto::access::RULES`.
pub(crate) fn render(rules: &[Rule]) -> String {
    let mut code = String::from("&[\n");
    for Rule { path, caller, peers, safe, bulk, least_role } in rules {
        let caller = variant(caller, "CALLER_");
        let role = least_role.as_ref().map(|role| variant(role, "ROLE_"));
        let role = role.map_or_else(|| "None".to_owned(), |role| format!("Some(Role::{role})"));
        let _ = writeln!(
            code,
            "    Rule {{ path: {path:?}, caller: Caller::{caller}, peers: &{peers:?}, safe: {safe}, bulk: {bulk}, least_role: {role} }},"
        );
    }
    code + "]"
}

/// `CALLER_USER` becomes `User`, as prost names it.
fn variant(value: &str, prefix: &str) -> String {
    let name = value.strip_prefix(prefix).unwrap_or(value);
    name.split('_')
        .filter_map(|word| word.split_at_checked(1))
        .fold(String::new(), |variant, (first, rest)| variant + first + &rest.to_lowercase())
}
