//! Placeholders: the host's own values in a persona's texts.

use crate::Host;
use std::fmt::Write as _;
use ukai_model::Timestamp;

/// Longest name of a placeholder, in bytes.
const NAME_BYTES_MAX: usize = 24;

impl Host {
    /// `template` with its placeholders filled as at `now`.
    ///
    /// Of the host: `{hostname}`, `{address}`, `{lan_address}`, `{gateway}`, `{mac}`,
    /// `{MAC}`, `{mac_plain}`, `{mac2}` (the next one), `{serial}`, `{model}`,
    /// `{kernel}` (release), `{seed}`. Of the moment: `{uptime}` and `{idle}`
    /// (seconds with hundredths), `{boot}` (seconds since 1970), `{load}`
    /// (`0.12 0.08 0.05`), `{mem_total}`, `{mem_free}`, `{mem_available}`,
    /// `{mem_buffers}`, `{mem_cached}`, `{mem_shared}`, `{swap_total}`, `{swap_free}`
    /// (kB), `{processes}`, `{last_pid}`, `{now}` (seconds since 1970), `{proc_version}`.
    /// Braces around anything else stay as they are, and so does a shell's `${name}`.
    pub fn fill(&self, template: &str, now: Timestamp) -> String {
        fill_with(template, |name, out| self.value(name, Some(now), out))
    }

    /// `template` with the placeholders that do not depend on the time filled.
    pub fn fill_fixed(&self, template: &str) -> String {
        fill_with(template, |name, out| self.value(name, None, out))
    }

    fn value(&self, name: &str, now: Option<Timestamp>, out: &mut String) -> bool {
        let known = match name {
            "hostname" => write!(out, "{}", self.hostname),
            "address" => write!(out, "{}", self.address),
            "lan_address" => write!(out, "{}", self.lan_address),
            "gateway" => write!(out, "{}", self.gateway()),
            "mac" => write!(out, "{}", self.mac_text()),
            "MAC" => write!(out, "{}", self.mac_text().to_uppercase()),
            "mac_plain" => write!(out, "{}", self.mac_text().replace(':', "").to_uppercase()),
            "mac2" => {
                let mut next = self.clone();
                next.mac[5] = next.mac[5].wrapping_add(1);
                write!(out, "{}", next.mac_text())
            }
            "serial" => write!(out, "{}", self.serial),
            "model" => write!(out, "{}", self.persona.identity.model),
            "kernel" => write!(out, "{}", self.persona.kernel.release),
            "seed" => write!(out, "{}", self.seed),
            "proc_version" => write!(out, "{}", self.proc_version().trim_end()),
            _ => return now.is_some_and(|now| self.moving_value(name, now, out)),
        };
        known.is_ok()
    }

    fn moving_value(&self, name: &str, now: Timestamp, out: &mut String) -> bool {
        let memory = || self.memory(now);
        let known = match name {
            "uptime" => write!(out, "{:.2}", self.uptime(now).as_secs_f64()),
            "idle" => {
                const IDLE: usize = 3;
                let idle: u64 = self.processor_times(now).iter().map(|times| times[IDLE]).sum();
                write!(out, "{}.{:02}", idle / 100, idle % 100)
            }
            "boot" => write!(out, "{}", self.booted(now).secs()),
            "now" => write!(out, "{}", self.clock(now).secs()),
            "load" => {
                let [a, b, c] = self.load(now).map(|l| f64::from(l) / 100.0);
                write!(out, "{a:.2} {b:.2} {c:.2}")
            }
            "mem_total" => write!(out, "{}", memory().total_kb),
            "mem_free" => write!(out, "{}", memory().free_kb),
            "mem_available" => write!(out, "{}", memory().available_kb),
            "mem_buffers" => write!(out, "{}", memory().buffers_kb),
            "mem_cached" => write!(out, "{}", memory().cached_kb),
            "mem_shared" => write!(out, "{}", memory().shared_kb),
            "swap_total" => write!(out, "{}", memory().swap_total_kb),
            "swap_free" => write!(out, "{}", memory().swap_free_kb),
            "processes" => write!(out, "{}", self.persona.processes.len() + 2),
            "last_pid" => write!(out, "{}", self.next_pid(now)),
            _ => return false,
        };
        known.is_ok()
    }
}

/// Replaces `{name}` wherever `value` knows the name.
fn fill_with(template: &str, value: impl Fn(&str, &mut String) -> bool) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let after = &rest[open + 1..];
        let name_len = after
            .bytes()
            .take(NAME_BYTES_MAX + 1)
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
            .count();
        let shell = rest[..open].ends_with('$');
        let closed = after.as_bytes().get(name_len) == Some(&b'}');
        if closed && !shell && value(&after[..name_len], &mut out) {
            rest = &after[name_len + 1..];
        } else {
            out.push('{');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}
