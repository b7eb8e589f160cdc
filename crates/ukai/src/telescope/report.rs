//! What `ukai telescope` prints: tables for a person, one object for a program.

use crate::terminal::{Style, columns};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::PathBuf;
use ukai_telescope::{Attack, Fact, Group, PortCount, Rise, Scanner, Summary, Telescope, Tool};

/// Scanners that are kept for the report; those with the most packets.
const SCANNERS_MAX: usize = 1_000_000;

/// What a telescope told so far.
#[derive(Default)]
pub(super) struct Told {
    attacks: Vec<Attack>,
    scanners: Vec<Scanner>,
    rises: Vec<Rise>,
    /// Frames of links whose form is not known.
    pub(super) unknown_links: u64,
    /// Frames that the captures say were lost.
    pub(super) lost: u64,
    scanners_left_out: u64,
}

impl Told {
    /// Takes what there is.
    pub(super) fn take(&mut self, telescope: &mut Telescope) {
        for fact in telescope.facts() {
            match fact {
                Fact::AttackEnded(attack) => self.attacks.push(attack),
                Fact::Scanner(scanner) => self.scanners.push(scanner),
                Fact::PortRises(rise) => self.rises.push(rise),
                Fact::AttackBegan(_) | Fact::ScannerBegan(_) | Fact::Interval(_) => {}
            }
        }
        if self.scanners.len() > 2 * SCANNERS_MAX {
            self.cut();
        }
    }

    fn cut(&mut self) {
        self.scanners.sort_by_key(|scanner| (std::cmp::Reverse(scanner.packets), scanner.address));
        self.scanners_left_out += self.scanners.len().saturating_sub(SCANNERS_MAX) as u64;
        self.scanners.truncate(SCANNERS_MAX);
    }
}

/// Everything.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    files: &'a [PathBuf],
    #[serde(flatten)]
    summary: Summary,
    /// One packet in so many was captured.
    sampling: u32,
    /// Frames that were lost while the captures were made, where they say it.
    dropped_by_capture: u64,
    unknown_links: u64,
    attacks: Vec<Attack>,
    scanners: Vec<Scanner>,
    scanners_left_out: u64,
    rising_ports: Vec<Rise>,
}

impl<'a> Report<'a> {
    pub(super) fn new(
        files: &'a [PathBuf],
        sampling: u32,
        mut told: Told,
        summary: Summary,
    ) -> Self {
        told.cut();
        told.attacks.sort_by_key(|attack| (attack.first, attack.victim));
        Self {
            files,
            summary,
            sampling,
            dropped_by_capture: told.lost,
            unknown_links: told.unknown_links,
            attacks: told.attacks,
            scanners: told.scanners,
            scanners_left_out: told.scanners_left_out,
            rising_ports: told.rises,
        }
    }

    /// For a person.
    pub(super) fn text(&self, top: usize) -> String {
        let style = Style::of_stdout();
        let mut text = String::new();
        let totals = &self.summary.totals;
        let _ = write!(text, "{} packets, {} bytes", totals.packets, totals.bytes);
        if let (Some(first), Some(last)) = (totals.first, totals.last) {
            let _ = write!(text, ", {first} to {last}");
        }
        let _ = writeln!(
            text,
            "\nabout {} sources, {} addresses hit",
            self.summary.sources, self.summary.addresses
        );
        for (what, count) in [
            ("not for the telescope", totals.elsewhere),
            ("not IP", totals.not_ip),
            ("unreadable", totals.unreadable),
            ("of unknown links", self.unknown_links),
            ("lost by the capture", self.dropped_by_capture),
        ] {
            if count > 0 {
                let _ = writeln!(text, "{count} frames {what}");
            }
        }
        if self.sampling > 1 {
            let _ = writeln!(text, "one packet in {} was captured", self.sampling);
        }
        let mut section = |title: &str, head: &[&str], rows: Vec<Vec<String>>, all: usize| {
            if rows.is_empty() {
                return;
            }
            let more = all.saturating_sub(rows.len());
            let head = head.iter().map(|cell| (*cell).to_owned()).collect();
            let table: Vec<_> = std::iter::once(head).chain(rows).collect();
            let _ = writeln!(text, "\n{}", style.bold(title));
            text.push_str(&columns(&table));
            if more > 0 {
                let _ = writeln!(text, "{}", style.dim(&format!("and {more} more")));
            }
        };
        section("What it is", &["GROUP", "KIND", "PACKETS", "SHARE"], self.classes(), 0);
        section(
            "Attacks",
            &[
                "VICTIM",
                "BEGAN",
                "LASTED",
                "VECTORS",
                "PORTS",
                "PACKETS",
                "PEAK/MIN",
                "EST. PACKETS/S",
                "ORIGIN",
                "",
            ],
            self.attacks.iter().take(top).map(attack_row).collect(),
            self.attacks.len(),
        );
        let head = &[
            "SOURCE",
            "TOOL",
            "PORTS",
            "PACKETS",
            "ADDRESSES",
            "ORDER",
            "INTERNET-WIDE/S",
            "ORIGIN",
        ];
        section(
            "Scanners",
            head,
            self.scanners.iter().take(top).map(scanner_row).collect(),
            self.scanners.len(),
        );
        let own: Vec<_> = self.scanners.iter().filter(|scanner| scanner.own).collect();
        section(
            "Suspected to be infected: sources of your own",
            head,
            own.iter().take(top).map(|scanner| scanner_row(scanner)).collect(),
            own.len(),
        );
        let campaigns = &self.summary.campaigns;
        section(
            "Campaigns",
            &["GROUP", "TOOL", "PORTS", "SOURCES", "PACKETS"],
            campaigns
                .iter()
                .take(top)
                .map(|campaign| {
                    let group = match campaign.group {
                        Group::Prefix(prefix) => prefix.to_string(),
                        Group::Asn(number) => format!("AS{number}"),
                        Group::Scan(generator) => format!("scan {generator:08x}"),
                    };
                    let ports: Vec<_> = campaign.ports.iter().map(ToString::to_string).collect();
                    vec![
                        group,
                        campaign.tool.map_or("?", Tool::name).to_owned(),
                        ports.join(" "),
                        campaign.sources.to_string(),
                        campaign.packets.to_string(),
                    ]
                })
                .collect(),
            campaigns.len(),
        );
        section(
            "Ports",
            &["PORT", "PACKETS", "SOURCES/INTERVAL"],
            self.summary
                .ports
                .iter()
                .take(top)
                .map(|port| {
                    vec![
                        port.port.to_string(),
                        port.packets.to_string(),
                        port.sources_peak.to_string(),
                    ]
                })
                .collect(),
            0,
        );
        let countries = &self.summary.countries;
        section(
            "Sources by country",
            &["COUNTRY", "SOURCES", "PACKETS"],
            countries
                .iter()
                .take(top)
                .map(|seen| {
                    vec![
                        seen.country.clone().unwrap_or_else(|| "?".to_owned()),
                        seen.sources.to_string(),
                        seen.packets.to_string(),
                    ]
                })
                .collect(),
            countries.len(),
        );
        let systems = &self.summary.systems;
        section(
            "Sources by autonomous system",
            &["AS", "SOURCES", "PACKETS", "NAME"],
            systems
                .iter()
                .take(top)
                .map(|seen| {
                    vec![
                        seen.asn.map_or_else(|| "?".to_owned(), |asn| format!("AS{asn}")),
                        seen.sources.to_string(),
                        seen.packets.to_string(),
                        seen.name.clone().unwrap_or_default(),
                    ]
                })
                .collect(),
            systems.len(),
        );
        section(
            "Rising ports",
            &["PORT", "SINCE", "SOURCES", "BEFORE"],
            self.rising_ports
                .iter()
                .take(top)
                .map(|rise| {
                    let before: Vec<_> =
                        rise.history.iter().map(|past| past.sources.to_string()).collect();
                    vec![
                        rise.port.to_string(),
                        rise.begins.to_string(),
                        rise.sources.to_string(),
                        before.join(" "),
                    ]
                })
                .collect(),
            self.rising_ports.len(),
        );
        text
    }

    fn classes(&self) -> Vec<Vec<String>> {
        let totals = &self.summary.totals;
        let share = |packets: u64| packets as f64 * 100.0 / totals.packets.max(1) as f64;
        totals
            .classes
            .sorted()
            .into_iter()
            .map(|(class, packets)| {
                vec![
                    class.group().to_owned(),
                    class.kind().to_owned(),
                    packets.to_string(),
                    format!("{:.2} %", share(packets)),
                ]
            })
            .collect()
    }
}

fn ports_shown(ports: &[PortCount], distinct: u64) -> String {
    let mut shown: Vec<_> = ports.iter().take(3).map(|count| count.port.to_string()).collect();
    if distinct > shown.len() as u64 {
        shown.push(format!("of {distinct}"));
    }
    shown.join(" ")
}

fn origin_shown(origin: &ukai_telescope::Origin, own: bool) -> String {
    let mut parts: Vec<String> = origin.country.iter().cloned().collect();
    parts.extend(origin.asn.map(|number| format!("AS{number}")));
    parts.extend(origin.name.clone());
    if own {
        parts.push("own".to_owned());
    }
    parts.join(" ")
}

fn attack_row(attack: &Attack) -> Vec<String> {
    let net = attack.victim;
    let single = net.prefix_len() == net.max_prefix_len();
    let victim = if single { net.addr().to_string() } else { net.to_string() };
    let vectors: Vec<_> = attack.vectors.iter().map(|count| count.vector.name()).collect();
    let mut notes = Vec::new();
    if let Some(victims) = attack.victims {
        notes.push(format!("{victims} addresses"));
    }
    if let Some(pulses) = attack.pulses {
        notes.push(format!("{} waves, one in {:.0} s", pulses.count, pulses.period_s));
    }
    if !attack.ended {
        notes.push("goes on".to_owned());
    }
    let began = attack.first.to_string();
    vec![
        victim,
        began.get(..19).unwrap_or(&began).to_owned(),
        format!("{} s", attack.last.since(attack.first).as_secs()),
        vectors.join(" "),
        ports_shown(&attack.ports, attack.distinct_ports),
        attack.packets.to_string(),
        attack.minute_peak.to_string(),
        attack.rate_estimated.map_or_else(String::new, |rate| format!("{rate:.0}")),
        origin_shown(&attack.origin, attack.own),
        notes.join(", "),
    ]
}

fn scanner_row(scanner: &Scanner) -> Vec<String> {
    let order = serde_json::to_value(scanner.order).ok();
    let order = order.as_ref().and_then(|order| order.as_str()).unwrap_or_default();
    let coverage = scanner.coverage.map(|part| format!(" ({:.1} %)", part * 100.0));
    vec![
        scanner.address.to_string(),
        scanner.tool.map_or("?", Tool::name).to_owned(),
        ports_shown(&scanner.ports, scanner.distinct_ports),
        scanner.packets.to_string(),
        format!("{}{}", scanner.addresses, coverage.unwrap_or_default()),
        match scanner.sweep {
            Some(sweep) => {
                format!("{order} {:08x}, {:.1} % done", sweep.generator, sweep.done * 100.0)
            }
            None => order.to_owned(),
        },
        scanner.internet_rate.map_or_else(String::new, |rate| format!("{rate:.0}")),
        match &scanner.known {
            Some(name) => name.clone(),
            None => origin_shown(&scanner.origin, scanner.own),
        },
    ]
}
