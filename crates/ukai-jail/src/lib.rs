//! Runs the parsers of hostile files in a killable child process with rlimits and seccomp.
