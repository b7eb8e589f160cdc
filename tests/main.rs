//! Whole-program tests: the real binary, real clients, real consumers.

mod bad_input;
mod browser;
mod circle;
mod command_line;
mod compare;
mod cowrie_events;
mod detectors;
mod files;
mod internet;
mod loaders;
mod mail;
mod recognition;
mod sandbox;
mod scanning;
mod sensor;
mod ssh;
mod ssh_tools;
mod support;
mod telescope;
mod telescope_live;
mod workbench;
