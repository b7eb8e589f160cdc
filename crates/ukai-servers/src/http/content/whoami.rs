//! Sites that tell a visitor its own address, and where in the world that is.

use crate::http::answer::Answer;
use crate::http::request::Request;
use crate::http::sites::{Public, Sites};
use crate::http::text::{escaped, json, parameter};
use std::net::IpAddr;

/// The answer of a site that tells addresses.
pub(crate) fn answer(request: &Request<'_>, sites: &Sites) -> Option<Answer> {
    let public = &sites.public;
    let address = public.address(request.peer.ip());
    let text = |text: String| Some(Answer::of("text/plain; charset=utf-8", text));
    let line = || text(format!("{address}\n"));
    let only = || {
        let json = format!("{{\"ip\":\"{address}\"}}");
        match (request.parameter("format").as_deref(), request.parameter("callback")) {
            (Some("json"), _) => Some(Answer::json(json)),
            (Some("jsonp"), name) => {
                let name = name.as_deref().unwrap_or("callback").to_owned();
                let plain =
                    name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
                let name = if plain { name } else { "callback".to_owned() };
                Some(Answer::of("application/javascript", format!("{name}({json});")))
            }
            _ => text(address.to_string()),
        }
    };
    if request.path == b"/cdn-cgi/trace" {
        return text(trace(request, public, address));
    }
    let browser = request.header("user-agent").is_some_and(|agent| agent.starts_with(b"Mozilla"));
    match &*request.host {
        "api.ipify.org" | "api4.ipify.org" | "api6.ipify.org" | "api64.ipify.org" => only(),
        "icanhazip.com"
        | "www.icanhazip.com"
        | "ipv4.icanhazip.com"
        | "ipv6.icanhazip.com"
        | "checkip.amazonaws.com"
        | "ident.me"
        | "v4.ident.me"
        | "v6.ident.me"
        | "eth0.me"
        | "curlmyip.net"
        | "ip.tyk.nu"
        | "whatismyip.akamai.com"
        | "ifcfg.me"
        | "tnx.nl" => line(),
        "checkip.dyndns.org" | "checkip.dyndns.com" => Some(Answer::of(
            "text/html",
            format!(
                "<html><head><title>Current IP Check</title></head><body>Current IP Address: \
                 {address}</body></html>\r\n"
            ),
        )),
        "ifconfig.me" | "ifconfig.co" | "ifconfig.io" | "ip.sb" | "api.ip.sb" | "ip.me"
        | "ipv4.ip.sb" => match request.path {
            b"/all.json" | b"/json" | b"/geoip" => Some(Answer::json(geo(public, address))),
            b"/country" => text(format!("{}\n", public.country)),
            b"/country-iso" | b"/country_code" => text(format!("{}\n", public.country_code)),
            b"/city" => text(format!("{}\n", public.city)),
            b"/ua" => text(agent(request)),
            b"/" if browser => None,
            _ if request.host == "ifconfig.me" => text(address.to_string()),
            _ => line(),
        },
        "ipinfo.io" => ipinfo(request, public, address),
        "ip-api.com" | "pro.ip-api.com" => ip_api(request, public, address),
        "ipapi.co"
        | "ipwho.is"
        | "ipwhois.app"
        | "freegeoip.app"
        | "freegeoip.live"
        | "geolocation-db.com"
        | "api.db-ip.com"
        | "ip.seeip.org"
        | "api.seeip.org"
        | "get.geojs.io"
        | "reallyfreegeoip.org"
        | "www.geoplugin.net"
        | "api.ipgeolocation.io"
        | "api.ipdata.co"
        | "extreme-ip-lookup.com"
        | "ip.nf"
        | "jsonip.com"
        | "myip.wtf"
        | "api.iplocation.net" => {
            let plain = matches!(request.path, b"/ip" | b"/ip/" | b"/v1/ip");
            if plain && !request.accepts("json") {
                text(address.to_string())
            } else {
                Some(Answer::json(geo(public, address)))
            }
        }
        "api.myip.com" | "api.my-ip.io" => Some(Answer::json(format!(
            "{{\"ip\":\"{address}\",\"country\":{},\"cc\":{}}}",
            json(&public.country),
            json(&public.country_code)
        ))),
        "wtfismyip.com" => match request.path {
            b"/text" => line(),
            b"/json" => Some(Answer::json(geo(public, address))),
            _ => None,
        },
        "myexternalip.com" => match request.path {
            b"/json" => Some(Answer::json(format!("{{\"ip\":\"{address}\"}}"))),
            _ => text(address.to_string()),
        },
        "ip.42.pl"
        | "ipecho.net"
        | "bot.whatismyipaddress.com"
        | "ipv4bot.whatismyipaddress.com"
        | "l2.io"
        | "myip.dnsomatic.com"
        | "api.externalip.net"
        | "2ip.ru"
        | "api.2ip.ua" => text(address.to_string()),
        "httpbin.org" | "www.httpbin.org" | "eu.httpbin.org" => httpbin(request, address),
        "worldtimeapi.org" if request.path.starts_with(b"/api/") => {
            Some(Answer::json(time(request, public, address)))
        }
        _ => None,
    }
}

fn agent(request: &Request<'_>) -> String {
    String::from_utf8_lossy(request.header("user-agent").unwrap_or_default()).into_owned()
}

/// What Cloudflare tells on each site behind it.
fn trace(request: &Request<'_>, public: &Public, address: IpAddr) -> String {
    let now = request.now;
    let (scheme, tls) = if request.secure { ("https", "TLSv1.3") } else { ("http", "off") };
    format!(
        "fl=465f112\nh={}\nip={address}\nts={}.{:03}\nvisit_scheme={scheme}\nuag={}\ncolo=CMH\n\
         sliver=none\nhttp=http/1.1\nloc={}\ntls={tls}\nsni=off\nwarp=off\ngateway=off\nrbi=off\n\
         kex=none\n",
        request.host,
        now.secs(),
        now.millis() % 1_000,
        agent(request),
        public.country_code
    )
}

fn object(fields: &[(&str, String)]) -> String {
    let fields: Vec<String> =
        fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", fields.join(","))
}

/// Under the names that most such interfaces share.
fn geo(public: &Public, address: IpAddr) -> String {
    let (latitude, longitude) = public.place;
    object(&[
        ("ip", json(&address.to_string())),
        ("success", "true".to_owned()),
        ("city", json(&public.city)),
        ("region", json(&public.region)),
        ("region_code", json(&public.region_code)),
        ("region_name", json(&public.region)),
        ("country", json(&public.country)),
        ("country_name", json(&public.country)),
        ("country_code", json(&public.country_code)),
        ("country_iso", json(&public.country_code)),
        ("postal", json(&public.zip)),
        ("zip_code", json(&public.zip)),
        ("latitude", latitude.to_string()),
        ("longitude", longitude.to_string()),
        ("timezone", json(&public.timezone)),
        ("time_zone", json(&public.timezone)),
        ("asn", json(&format!("AS{}", public.asn))),
        ("org", json(&public.isp)),
        ("isp", json(&public.isp)),
    ])
}

fn ipinfo(request: &Request<'_>, public: &Public, address: IpAddr) -> Option<Answer> {
    let path = String::from_utf8_lossy(request.path);
    let mut words = path.split('/').filter(|word| !word.is_empty());
    let (mut address, mut field) = (address, words.next());
    if let Some(asked) = field.and_then(|word| word.parse().ok()) {
        address = asked;
        field = words.next();
    }
    let (latitude, longitude) = public.place;
    let place = format!("{latitude:.4},{longitude:.4}");
    let org = format!("AS{} {}", public.asn, public.isp);
    let value = match field {
        Some("ip") => address.to_string(),
        Some("city") => public.city.clone(),
        Some("region") => public.region.clone(),
        Some("country") => public.country_code.clone(),
        Some("loc") => place,
        Some("org") => org,
        Some("postal") => public.zip.clone(),
        Some("timezone") => public.timezone.clone(),
        None | Some("json" | "geo") => {
            return Some(Answer::json(object(&[
                ("ip", json(&address.to_string())),
                ("city", json(&public.city)),
                ("region", json(&public.region)),
                ("country", json(&public.country_code)),
                ("loc", json(&place)),
                ("org", json(&org)),
                ("postal", json(&public.zip)),
                ("timezone", json(&public.timezone)),
                ("readme", json("https://ipinfo.io/missingauth")),
            ])));
        }
        Some(_) => return None,
    };
    Some(Answer::text(format!("{value}\n")))
}

/// ip-api.com, in its four formats, with the fields that are asked for.
fn ip_api(request: &Request<'_>, public: &Public, address: IpAddr) -> Option<Answer> {
    let path = request.decoded_path();
    let mut words = path.split('/').filter(|word| !word.is_empty());
    let format = words.next()?;
    let asked = words.next().map_or_else(|| address.to_string(), str::to_owned);
    let (latitude, longitude) = public.place;
    let number = public.asn;
    // Name, value, whether it is text, and whether it comes unasked.
    let all: [(&str, String, bool, bool); 22] = [
        ("status", "success".to_owned(), true, true),
        ("continent", "North America".to_owned(), true, false),
        ("continentCode", "NA".to_owned(), true, false),
        ("country", public.country.clone(), true, true),
        ("countryCode", public.country_code.clone(), true, true),
        ("region", public.region_code.clone(), true, true),
        ("regionName", public.region.clone(), true, true),
        ("city", public.city.clone(), true, true),
        ("district", String::new(), true, false),
        ("zip", public.zip.clone(), true, true),
        ("lat", latitude.to_string(), false, true),
        ("lon", longitude.to_string(), false, true),
        ("timezone", public.timezone.clone(), true, true),
        ("offset", (i64::from(public.offset_min) * 60).to_string(), false, false),
        ("currency", "USD".to_owned(), true, false),
        ("isp", public.isp.clone(), true, true),
        ("org", public.isp.clone(), true, true),
        ("as", format!("AS{number} {}", public.isp), true, true),
        ("mobile", "false".to_owned(), false, false),
        ("proxy", "false".to_owned(), false, false),
        ("hosting", "false".to_owned(), false, false),
        ("query", asked, true, true),
    ];
    let fields = parameter(request.query, "fields");
    // A number as `fields` is a set of bits; whoever writes it wants most of them.
    let named = fields.as_deref().filter(|fields| fields.parse::<u64>().is_err());
    let chosen: Vec<_> = all
        .into_iter()
        .filter(|(name, _, _, unasked)| match (named, &fields) {
            (Some(named), _) => named.split(',').any(|word| word.trim() == *name),
            (None, Some(_)) => true,
            (None, None) => *unasked,
        })
        .collect();
    let values = || chosen.iter().map(|(_, value, ..)| value.as_str());
    Some(
        match format {
            "json" => {
                let fields: Vec<(&str, String)> = chosen
                    .iter()
                    .map(|(name, value, text, _)| {
                        (*name, if *text { json(value) } else { value.clone() })
                    })
                    .collect();
                Answer::of("application/json; charset=utf-8", object(&fields))
            }
            "line" => Answer::text(values().collect::<Vec<_>>().join("\n") + "\n"),
            "csv" => Answer::text(format!("{}\n", values().collect::<Vec<_>>().join(","))),
            "xml" => {
                let fields: Vec<String> = chosen
                    .iter()
                    .map(|(name, value, ..)| format!("  <{name}>{}</{name}>\n", escaped(value)))
                    .collect();
                let fields = fields.concat();
                Answer::of(
                    "application/xml; charset=utf-8",
                    format!(
                        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<query>\n{fields}</query>\n"
                    ),
                )
            }
            _ => return None,
        }
        .with("X-Ttl", "60")
        .with("X-Rl", "44"),
    )
}

fn httpbin(request: &Request<'_>, address: IpAddr) -> Option<Answer> {
    let origin = format!("{{\n  \"origin\": \"{address}\"\n}}\n");
    let headers = || {
        let lines: Vec<String> = request
            .headers
            .iter()
            .map(|h| format!("    {}: {}", json(h.name), json(&String::from_utf8_lossy(h.value))))
            .collect();
        format!("{{\n{}\n  }}", lines.join(",\n"))
    };
    Some(Answer::json(match request.path {
        b"/ip" => origin,
        b"/user-agent" => format!("{{\n  \"user-agent\": {}\n}}\n", json(&agent(request))),
        b"/headers" => format!("{{\n  \"headers\": {}\n}}\n", headers()),
        b"/get" | b"/post" | b"/put" | b"/anything" => format!(
            "{{\n  \"args\": {{}},\n  \"data\": {},\n  \"headers\": {},\n  \"origin\": \"{address}\",\n  \
             \"url\": {}\n}}\n",
            json(&String::from_utf8_lossy(request.body)),
            headers(),
            json(&format!("http://{}{}", request.host, String::from_utf8_lossy(request.path)))
        ),
        _ => return None,
    }))
}

fn time(request: &Request<'_>, public: &Public, address: IpAddr) -> String {
    let seconds = request.now.secs();
    let offset = format!(
        "{}{:02}:{:02}",
        if public.offset_min < 0 { '-' } else { '+' },
        public.offset_min.unsigned_abs() / 60,
        public.offset_min.unsigned_abs() % 60
    );
    let local = seconds.saturating_add_signed(i64::from(public.offset_min) * 60);
    let show = |seconds: u64| {
        let date = crate::http::core::iso_date(ukai_model::Timestamp::from_secs(seconds));
        format!("{date}.{:06}", request.now.nanos() / 1_000 % 1_000_000)
    };
    object(&[
        ("client_ip", json(&address.to_string())),
        ("datetime", json(&format!("{}{offset}", show(local)))),
        ("raw_offset", (i64::from(public.offset_min) * 60).to_string()),
        ("timezone", json(&public.timezone)),
        ("unixtime", seconds.to_string()),
        ("utc_datetime", json(&format!("{}+00:00", show(seconds)))),
        ("utc_offset", json(&offset)),
    ])
}
