//! The limits of a report, in one place.

/// Runs that one report tells of.
pub const RUNS_MAX: usize = 16;
/// Records of a trace that are read, of one run.
pub const NOTICES_MAX: usize = 1_000_000;
/// Events that are read, of one run.
pub const EVENTS_MAX: usize = 500_000;
/// Processes of one run.
pub const PROCESSES_MAX: usize = 2_000;
/// Programs that one process becomes.
pub const PROGRAMS_PER_PROCESS_MAX: usize = 32;
/// Files of one report.
pub const FILES_MAX: usize = 2_000;
/// Values of the registry of one report.
pub const REGISTRY_MAX: usize = 1_000;
/// Findings of one report.
pub const FINDINGS_MAX: usize = 500;
/// Of those of one run, findings that only a log of the guest tells.
pub const LOGGED_MAX: usize = 250;
/// Names of one report.
pub const NAMES_MAX: usize = 2_000;
/// Destinations of one report.
pub const CONTACTS_MAX: usize = 1_000;
/// Destinations that are followed while a run is read.
pub const DESTINATIONS_MAX: usize = 65_536;
/// Scans and floods of one report.
pub const ATTACKS_MAX: usize = 64;
/// Files that came back, of one report.
pub const DROPS_MAX: usize = 500;
/// Bytes of files that come back, of one run.
pub const DROPS_BYTES_MAX: usize = 256 << 20;
/// Files of the virtual Internet's that are told from the sample's, of one run.
pub const SERVED_MAX: usize = 10_000;
/// Stretches of memory of one run.
pub const STRETCHES_MAX: usize = 10_000;
/// What is told of the memory of all runs of one report.
pub const IN_MEMORY_MAX: usize = 400;
/// Lines of the timeline.
pub const TIMELINE_MAX: usize = 400;
/// Facts of one kind that rules are held against, of one run.
pub const FACTS_PER_KIND_MAX: usize = 20_000;
/// Longest text of a fact, in bytes.
pub const FIELD_BYTES_MAX: usize = 1_024;
/// Longest text in a report, in bytes.
pub const TEXT_BYTES_MAX: usize = 512;
/// What an entry rests on, and other short lists of it.
pub const FEW: usize = 8;
/// Longer lists of an entry: what was said to a destination, answers to a name.
pub const SOME: usize = 16;
/// Times of contact that are kept of one destination.
pub const TIMES_MAX: usize = 4_096;
/// Output of the sample that is kept, in bytes.
pub const OUTPUT_BYTES_MAX: usize = 8_192;
/// Rules for detectors that are suggested.
pub const IDS_RULES_MAX: usize = 64;
/// Differences between runs that are told.
pub const DIFFERENCES_MAX: usize = 200;
/// Features of a fingerprint that are listed.
pub const FEATURES_MAX: usize = 256;
/// Numbers of a MinHash.
pub const MINHASH_NUMBERS: usize = 64;
/// Fewer features are not compared.
pub const FEATURES_MIN: usize = 3;
/// Length of a file of rules, in bytes.
pub const RULES_BYTES_MAX: usize = 1 << 20;
/// Compiled size of one pattern, in bytes.
pub const PATTERN_COMPILED_BYTES_MAX: usize = 1 << 20;
