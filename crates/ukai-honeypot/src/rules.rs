//! Rules that give our sockets what is sent to any port of this machine's addresses: the
//! kernel's TPROXY (Documentation/networking/tproxy.rst) by nftables. Text only: who applies
//! it is not decided here.

use crate::config::{ConfigError, HoneypotConfig};
use crate::network::{Network, NetworkLink};
use ipnet::IpNet;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The table that holds them; nothing else is in it.
const TABLE: &str = "ukai_sensor";

/// The packets' mark, and the number of the routing table that it leads to.
const MARK: u32 = 0x756b;

/// The rules of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// For `nft -f -`: replaces the table, if it is there.
    pub nft: String,
    /// Arguments of `ip` that put the routes in place. Each may have been run before.
    pub routes: Vec<Vec<String>>,
}

impl Rules {
    /// The rules that the networks of `config` need; `None`: they need none.
    pub fn new(config: &HoneypotConfig) -> Result<Option<Self>, ConfigError> {
        let personas = config.personas()?;
        let mut chains = String::new();
        let mut families = BTreeSet::new();
        for network in &config.networks {
            let NetworkLink::Tproxy { port, interfaces, kept } = &network.link else { continue };
            let ports: BTreeSet<u16> = personas
                .iter()
                .filter(|persona| network.personas.contains(&persona.name))
                .flat_map(|persona| persona.services.all().map(|(_, port)| port))
                .collect();
            let tcp = Some(ports).filter(|_| !network.any_port);
            chain(&mut chains, network, *port, interfaces, kept, tcp.as_ref(), &mut families);
        }
        if chains.is_empty() {
            return Ok(None);
        }
        let nft = format!(
            "table inet {TABLE}\ndelete table inet {TABLE}\ntable inet {TABLE} {{\n{chains}}}\n"
        );
        let routes = families.into_iter().flat_map(|family| routes(family, "add")).collect();
        Ok(Some(Self { nft, routes }))
    }

    /// For `nft -f -`: takes the table away, if it is there.
    pub fn removal() -> String {
        format!("table inet {TABLE}\ndelete table inet {TABLE}\n")
    }

    /// Arguments of `ip` that take the routes away. What is not there makes them fail.
    pub fn routes_removal() -> Vec<Vec<String>> {
        ["-4", "-6"].into_iter().flat_map(|family| routes(family, "del")).collect()
    }
}

/// One network's rules.
fn chain(
    text: &mut String,
    network: &Network,
    port: u16,
    interfaces: &[String],
    kept: &[u16],
    tcp: Option<&BTreeSet<u16>>,
    families: &mut BTreeSet<&'static str>,
) {
    let number = text.matches("chain ").count();
    let _ = writeln!(text, "\tchain network_{number} {{");
    let mut line = |rule: &str| {
        let _ = writeln!(text, "\t\t{rule}");
    };
    line("type filter hook prerouting priority mangle; policy accept;");
    if interfaces.is_empty() {
        line("iifname \"lo\" return");
    } else {
        let names: Vec<String> = interfaces.iter().map(|name| format!("\"{name}\"")).collect();
        line(&format!("iifname != {{ {} }} return", names.join(", ")));
    }
    // What this machine itself listens on, and answers to what it has asked.
    line("socket transparent 0 return");
    if !kept.is_empty() {
        let kept = list(kept);
        line(&format!("tcp dport {kept} return"));
        line(&format!("udp dport {kept} return"));
    }
    for (family, argument, here) in [("ip", "-4", "127.0.0.1"), ("ip6", "-6", "[::1]")] {
        let of = |nets: &[IpNet]| -> Vec<String> {
            let nets = IpNet::aggregate(&nets.to_vec());
            let nets = nets.iter().filter(|net| matches!(net, IpNet::V4(_)) == (family == "ip"));
            nets.map(ToString::to_string).collect()
        };
        let (prefixes, exclude) = (of(&network.prefixes), of(&network.exclude));
        if prefixes.is_empty() {
            continue;
        }
        families.insert(argument);
        if !exclude.is_empty() {
            line(&format!("{family} daddr {{ {} }} return", exclude.join(", ")));
        }
        let there = format!("{family} daddr {{ {} }}", prefixes.join(", "));
        let take = format!("tproxy {family} to {here}:{port} meta mark set {MARK:#x} accept");
        match tcp {
            None => {
                line(&format!("{there} meta l4proto tcp {take}"));
                line(&format!("{there} meta l4proto udp {take}"));
            }
            Some(ports) => {
                let ports: Vec<u16> = ports.iter().copied().collect();
                line(&format!("{there} tcp dport {} {take}", list(&ports)));
            }
        }
    }
    text.push_str("\t}\n");
}

fn list(ports: &[u16]) -> String {
    let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
    format!("{{ {} }}", ports.join(", "))
}

/// What is marked is for this machine, whatever its address.
fn routes(family: &str, verb: &str) -> [Vec<String>; 2] {
    let (mark, table) = (format!("{MARK:#x}"), MARK.to_string());
    let route_verb = if verb == "add" { "replace" } else { verb };
    let rule = [family, "rule", verb, "fwmark", &mark, "lookup", &table];
    let route = [family, "route", route_verb, "local", "default", "dev", "lo", "table", &table];
    [rule.map(str::to_owned).to_vec(), route.map(str::to_owned).to_vec()]
}

#[cfg(test)]
mod tests {
    use super::Rules;
    use crate::HoneypotConfig;

    fn rules(network: &str) -> Option<Rules> {
        let config: HoneypotConfig = toml::from_str(network).expect("a configuration");
        Rules::new(&config).expect("rules")
    }

    #[test]
    fn only_what_listens_by_tproxy_needs_rules() {
        let tun = "[[networks]]\nlink = { kind = \"tun\", device = \"ukai0\" }\n\
                   prefixes = [\"198.18.0.0/16\"]\npersonas = [\"camera-arm\"]\n";
        assert_eq!(rules(tun), None);
    }

    #[test]
    fn any_port_takes_all_but_what_is_kept() {
        let any = "[[networks]]\nlink = { kind = \"tproxy\", interfaces = [\"eth0\"] }\n\
                   prefixes = [\"192.0.2.5/32\", \"2001:db8::5/128\"]\n\
                   personas = [\"camera-arm\"]\nany_port = true\n";
        let rules = rules(any).expect("rules");
        for line in [
            "iifname != { \"eth0\" } return",
            "socket transparent 0 return",
            "tcp dport { 22 } return",
            "ip daddr { 192.0.2.5/32 } meta l4proto udp tproxy ip to 127.0.0.1:7891 ",
            "ip6 daddr { 2001:db8::5/128 } meta l4proto tcp tproxy ip6 to [::1]:7891 ",
        ] {
            assert!(rules.nft.contains(line), "{line}: {}", rules.nft);
        }
        assert_eq!(rules.routes.len(), 4);
    }

    #[test]
    fn without_any_port_only_the_personas_ports_are_taken() {
        let some = "[[networks]]\nlink = { kind = \"tproxy\", kept = [] }\n\
                    prefixes = [\"192.0.2.5/32\"]\npersonas = [\"camera-arm\"]\n";
        let rules = rules(some).expect("rules");
        let line = "tcp dport { 23, 80, 443, 2323, 8080, 9530, 34567 } tproxy ip to 127.0.0.1:7891";
        assert!(rules.nft.contains(line), "{}", rules.nft);
        assert!(!rules.nft.contains("udp") && !rules.nft.contains("ip6"), "{}", rules.nft);
    }
}
