//! Holds the tiers: crates depend only downwards, and decisions contain no I/O.

use cargo_metadata::{DependencyKind, MetadataCommand, Package};
use xtask::{FORBIDDEN_IN_DECISIONS, root, same_tier_allowed, tier};

fn packages() -> Vec<Package> {
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo metadata runs");
    metadata.packages.into_iter().filter(|package| *package.name != "xtask").collect()
}

/// Dependencies of the product itself: tests may use what they like.
fn dependencies(package: &Package) -> impl Iterator<Item = &str> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind == DependencyKind::Normal)
        .map(|dependency| dependency.name.as_str())
}

#[test]
fn every_crate_has_a_tier() {
    for package in packages() {
        assert!(
            tier(&package.name).is_some(),
            "{} has no tier: add it to xtask/src/lib.rs",
            package.name
        );
    }
}

#[test]
fn dependencies_point_down() {
    for package in packages() {
        let own = tier(&package.name).expect("every crate has a tier");
        for dependency in dependencies(&package) {
            let Some(other) = tier(dependency) else { continue };
            assert!(
                other < own || (other == own && same_tier_allowed(own, &package.name, dependency)),
                "{} (tier {own}) must not use {dependency} (tier {other})",
                package.name
            );
        }
    }
}

/// What is no I/O: advice to the kernel on where tables lie in memory (the telescope's `large.rs`),
/// and the processor time of a thread, which bounds a hostile script (`cpu.rs`).
const NO_IO: [(&str, &str); 2] = [("ukai-telescope", "rustix"), ("ukai-script", "rustix")];

#[test]
fn decisions_contain_no_io() {
    for package in packages() {
        if tier(&package.name) > Some(1) {
            continue;
        }
        for dependency in dependencies(&package) {
            if NO_IO.contains(&(package.name.as_str(), dependency)) {
                continue;
            }
            assert!(
                !FORBIDDEN_IN_DECISIONS.contains(&dependency),
                "{} is a crate of decisions and must not use {dependency}",
                package.name
            );
        }
    }
}

#[test]
fn folder_name_is_crate_name() {
    for package in packages() {
        let folder = package.manifest_path.parent().and_then(|path| path.file_name());
        assert_eq!(folder, Some(package.name.as_str()));
    }
}
