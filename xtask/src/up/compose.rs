//! `docker-compose.yml` runs what `up` runs, and keeps its promises. There is no engine in a test.

use std::{collections::BTreeSet, ffi::OsStr, fs, path::Path, process::Command};

use serde_yaml_ng::Value;

use super::service::{AUTH, Service, Surroundings, TODO};
use crate::workspace;

const SURROUNDINGS: fn() -> Surroundings<'static> = || Surroundings {
    database_host: "127.0.0.1",
    database_port: 5432,
    database_certificates: Path::new("certificates"),
    binaries: Path::new("binaries"),
    port_offset: 0,
};

fn compose() -> Value {
    let text = fs::read_to_string(workspace::root().join("docker-compose.yml")).unwrap();
    let mut file: Value = serde_yaml_ng::from_str(&text).unwrap();
    file.apply_merge().unwrap();
    file
}

fn services(file: &Value) -> impl Iterator<Item = (&str, &Value)> {
    file["services"].as_mapping().unwrap().iter().map(|(name, service)| (name.as_str().unwrap(), service))
}

fn strings(list: &Value) -> Vec<&str> {
    list.as_sequence().into_iter().flatten().map(|item| item.as_str().unwrap()).collect()
}

fn variables_in(service: &Value) -> BTreeSet<String> {
    let variables = service["environment"].as_mapping().unwrap();
    variables.keys().map(|name| name.as_str().unwrap().to_owned()).collect()
}

fn variables_of(command: &Command) -> BTreeSet<String> {
    command.get_envs().map(|(name, _)| name.to_str().unwrap().to_owned()).collect()
}

fn role_of(command: &Command) -> String {
    let role = command.get_envs().find(|(name, _)| *name == "DATABASE_ROLE");
    role.and_then(|(_, value)| value).and_then(OsStr::to_str).unwrap().to_owned()
}

fn assert_same(container: &Value, service: &Service, command: &Command) {
    let arguments: Vec<_> = command.get_args().map(|argument| argument.to_str().unwrap()).collect();
    assert_eq!(strings(&container["command"]), arguments, "{}", service.name);
    assert_eq!(container["build"]["args"]["PROGRAM"], service.name);
    assert_eq!(variables_in(container), variables_of(command), "{}", service.name);
    assert_eq!(container["environment"]["DATABASE_ROLE"], role_of(command).as_str());
}

#[test]
fn containers_run_the_commands_of_up_with_the_variables_of_up() {
    let file = compose();
    for (service, migration) in [(&AUTH, "auth-migrate"), (&TODO, "todo-migrate")] {
        let services = &file["services"];
        assert_same(&services[service.name], service, &service.serve_command(&SURROUNDINGS()));
        assert_same(&services[migration], service, &service.migrate_command(&SURROUNDINGS()));
    }
}

#[test]
fn every_container_is_hardened_and_only_the_one_that_hands_out_keys_is_root() {
    for (name, service) in services(&compose()) {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(strings(&service["cap_drop"]), ["ALL"], "{name}");
        assert_eq!(strings(&service["security_opt"]), ["no-new-privileges:true"], "{name}");
        let root = service["user"].as_str().is_some_and(|user| user.starts_with('0'));
        assert_eq!(root, name == "certs", "{name}");
        let rights = strings(&service["cap_add"]);
        assert_eq!(rights, if root { vec!["CHOWN"] } else { Vec::new() }, "{name}");
    }
}

#[test]
fn every_container_that_stays_has_a_health_check() {
    let file = compose();
    for (name, service) in services(&file).filter(|(_, service)| service["restart"] != "no") {
        let test = strings(&service["healthcheck"]["test"]);
        let probe = if name == "postgres" { "pg_isready" } else { "probe" };
        assert!(test.contains(&probe), "{name}: {test:?}");
    }
}

#[test]
fn each_reader_of_keys_has_the_volume_that_is_filled_for_it_and_cannot_write_it() {
    let file = compose();
    let certs = &file["services"]["certs"];
    let filled = strings(&certs["volumes"]);
    for reader in strings(&certs["command"]).into_iter().skip(2) {
        reader.parse::<certs::Reader>().unwrap();
        let directory = reader.split(':').next().unwrap();
        let volume = format!("{directory}-identity");
        assert!(filled.contains(&format!("{volume}:/volumes/{directory}").as_str()), "{reader}");
        if directory != "client" {
            let mounted = strings(&file["services"][directory]["volumes"]);
            assert!(mounted.contains(&format!("{volume}:/identity:ro").as_str()), "{directory}: {mounted:?}");
        }
    }
    for (name, service) in services(&file).filter(|(name, _)| *name != "certs") {
        let writable: Vec<_> = strings(&service["volumes"]).into_iter().filter(|v| !v.ends_with(":ro")).collect();
        let places = ["data:", "mail:"];
        assert!(writable.iter().all(|volume| places.iter().any(|p| volume.starts_with(p))), "{name}: {writable:?}");
    }
}

#[test]
fn no_secret_stands_in_the_file() {
    for (name, service) in services(&compose()) {
        for (variable, value) in service["environment"].as_mapping().into_iter().flatten() {
            let variable = variable.as_str().unwrap();
            let secret = ["PASSWORD", "KEY", "SECRET", "TOKEN"].iter().any(|word| variable.contains(word));
            let file = value.as_str().unwrap().starts_with("/identity/");
            assert!(!secret || file, "{name}: {variable}");
        }
    }
}
