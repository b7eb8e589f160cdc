//! What pages and Node have beside the language: libraries, modules, URLs.

use super::run;
use crate::shown;

#[track_caller]
fn fetches(source: &str, urls: &[&str]) {
    let report = run(source, &crate::limits::Limits::default());
    let lines = shown::lines(&report);
    let told: Vec<&str> = lines.iter().filter_map(|it| it.strip_prefix("fetch ")).collect();
    assert_eq!(told, urls, "{source}\nnotes: {:#?}", report.notes);
}

#[test]
fn libraries_that_were_not_loaded() {
    for source in [
        "$.getScript('http://a.example/x');",
        "$.ajax({ url: 'http://a.example/x', success: function (d) {} });",
        "jQuery(document).ready(function ($) { $.get('http://a.example/x', function () {}); });",
        "$('#f').on('submit', function () { $.post('http://a.example/x', {}); });",
        "const c = require('axios').create({ baseURL: 'http://a.example' }); c.get('/x');",
        "require('superagent').get('http://a.example/x');",
        "new (require('ws'))('http://a.example/x');",
        "require('follow-redirects').http.get('http://a.example/x', (r) => {});",
        "require('download')('http://a.example/x', 'dist').then(() => {});",
    ] {
        fetches(source, &["http://a.example/x"]);
    }
}

#[test]
fn modules() {
    for source in [
        "import https from 'node:https';\nimport { exec as e } from 'child_process';\nhttps.get('http://a.example/x');",
        "const r = await fetch('http://a.example/x'); eval(await r.text());",
        "import('http').then((h) => h.get('http://a.example/x'));",
        "import('http://a.example/x');",
    ] {
        fetches(source, &["http://a.example/x"]);
    }
}

#[test]
fn urls_put_together() {
    for (source, url) in [
        ("fetch(new URL('/x', 'http://a.example'))", "http://a.example/x"),
        ("fetch(new URL('../x', 'http://a.example/b/c/d'))", "http://a.example/b/x"),
        (
            "let u = new URL('http://a.example'); u.port = 8080; u.searchParams.set('q', 1); fetch(u)",
            "http://a.example:8080/?q=1",
        ),
        (
            "require('https').get({ ...require('url').parse('https://a.example:443/x') })",
            "https://a.example/x",
        ),
    ] {
        fetches(source, &[url]);
    }
}

#[test]
fn bytes_of_node() {
    for source in [
        "fetch(Buffer.from('aAB0AHQAcAA6AC8ALwBhAC4AZQB4AGEAbQBwAGwAZQAvAHgA', 'base64').toString('utf16le'))",
        "fetch(require('zlib').inflateSync(Buffer.from('eJzLKCkpsNLXT9RLrUjMLchJ1a8AAD0HBns=', 'base64')).toString())",
        "new Worker(URL.createObjectURL(new Blob([\"fetch('http://a.example/x')\"])))",
    ] {
        fetches(source, &["http://a.example/x"]);
    }
}
