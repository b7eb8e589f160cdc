//! What every site has under the same path.

use crate::http::answer::Answer;
use crate::http::request::Request;
use crate::http::text::escaped;

/// A proxy configuration that needs none.
pub(crate) const PROXY_CONFIGURATION: &str =
    "function FindProxyForURL(url, host) {\n  return \"DIRECT\";\n}\n";

/// The answer by a path that means the same everywhere.
pub(crate) fn answer(request: &Request<'_>) -> Option<Answer> {
    let scheme = if request.secure { "https" } else { "http" };
    let host = || escaped(&request.host).into_owned();
    Some(match request.path {
        b"/robots.txt" => Answer::text(format!(
            "User-agent: *\nDisallow: /admin/\nDisallow: /search\n\nSitemap: {scheme}://{}/sitemap.xml\n",
            host()
        )),
        b"/sitemap.xml" => {
            let base = format!("{scheme}://{}", host());
            let urls = ["/", "/about", "/contact", "/news/"]
                .map(|path| format!("<url><loc>{base}{path}</loc></url>"))
                .concat();
            Answer::of(
                "application/xml",
                format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset \
                     xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{urls}</urlset>\n"
                ),
            )
        }
        b"/wpad.dat" | b"/proxy.pac" => {
            Answer::of("application/x-ns-proxy-autoconfig", PROXY_CONFIGURATION)
        }
        b"/crossdomain.xml" => Answer::of(
            "application/xml",
            "<?xml version=\"1.0\"?>\n<cross-domain-policy><allow-access-from domain=\"*\"/>\
             </cross-domain-policy>\n",
        ),
        b"/ads.txt" => Answer::text("# no sellers\n"),
        b"/.well-known/security.txt" => Answer::text(format!(
            "Contact: mailto:security@{}\nExpires: 2030-01-01T00:00:00.000Z\n",
            host()
        )),
        b"/manifest.json" | b"/site.webmanifest" => Answer::of(
            "application/manifest+json",
            "{\"name\":\"Site\",\"short_name\":\"Site\",\"start_url\":\"/\",\"display\":\"browser\"}",
        ),
        b"/version" | b"/version.txt" => Answer::text("1.4.2\n"),
        b"/ping" | b"/health" | b"/healthz" | b"/status" if !request.accepts("text/html") => {
            Answer::text("OK\n")
        }
        _ => return None,
    })
}
