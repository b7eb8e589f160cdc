//! What systems and browsers fetch to learn whether they are on the Internet, answered
//! as by those whom they ask.

use crate::http::answer::Answer;
use crate::http::request::Request;

/// The answer to a connectivity check.
pub(crate) fn answer(request: &Request<'_>) -> Option<Answer> {
    // Android, Chrome, and the many that took over their address.
    if matches!(request.path, b"/generate_204" | b"/gen_204" | b"/generate204") {
        return Some(Answer::empty(204).with("Cross-Origin-Resource-Policy", "cross-origin"));
    }
    let text = |text: &'static str| Some(Answer::of("text/plain", text));
    let host = &*request.host;
    match host {
        // Windows 10 and 11, and before them 7 and 8.
        "www.msftconnecttest.com" | "ipv6.msftconnecttest.com" => match request.path {
            b"/connecttest.txt" => text("Microsoft Connect Test"),
            b"/redirect" => Some(
                Answer::empty(302)
                    .with("Location", "http://go.microsoft.com/fwlink/?LinkID=219472"),
            ),
            _ => None,
        },
        "www.msftncsi.com" | "ipv6.msftncsi.com" if request.path == b"/ncsi.txt" => {
            text("Microsoft NCSI")
        }
        // Apple.
        "captive.apple.com"
        | "www.apple.com"
        | "www.appleiphonecell.com"
        | "www.itools.info"
        | "www.ibook.info"
        | "www.airport.us"
        | "www.thinkdifferent.us"
            if host == "captive.apple.com"
                || matches!(
                    request.path,
                    b"/hotspot-detect.html" | b"/library/test/success.html"
                ) =>
        {
            Some(Answer::of(
                "text/html",
                "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>\n",
            ))
        }
        // Firefox.
        "detectportal.firefox.com" => match request.path {
            b"/success.txt" => text("success\n"),
            b"/canonical.html" => Some(Answer::of(
                "text/html",
                "<meta http-equiv=\"refresh\" content=\"0;url=https://support.mozilla.org/kb/\
                 captive-portal\"/>",
            )),
            _ => None,
        },
        // NetworkManager, as distributions set it up.
        "connectivity-check.ubuntu.com" => {
            Some(Answer::empty(204).with("X-NetworkManager-Status", "online"))
        }
        "nmcheck.gnome.org"
        | "network-test.debian.org"
        | "ping.archlinux.org"
        | "ping.manjaro.org"
        | "conncheck.opensuse.org"
        | "ping.linuxmint.com" => Some(
            Answer::of("text/plain; charset=utf-8", "NetworkManager is online\n")
                .with("X-NetworkManager-Status", "online"),
        ),
        "fedoraproject.org" | "static.redhat.com" if request.path.ends_with(b"hotspot.txt") => {
            text("OK")
        }
        "static.redhat.com" if request.path.ends_with(b"rhel-networkmanager.txt") => text("OK"),
        "networkcheck.kde.org" => text("OK\n"),
        // Cloudflare, LineageOS, GrapheneOS.
        "cp.cloudflare.com" | "connectivitycheck.grapheneos.network" => Some(Answer::empty(204)),
        "spectrum.s3.amazonaws.com" if request.path.ends_with(b"wifistub.html") => {
            Some(Answer::of(
                "text/html",
                "<html><head><title>Kindle Reachability Probe Page</title></head>\
                 <body>81ce4465-7167-4dcb-835b-dcc9e44c112a created with python 2.5 uuid.uuid4()\
                 </body></html>\n",
            ))
        }
        _ => None,
    }
}
