//! Scripts that mean no good to whoever reads them: they end, within bounds, without a panic.

use crate::{Limits, Report, batch, powershell};
use proptest::prelude::*;
use std::time::{Duration, Instant};

/// Limits under which a run is short.
fn short() -> Limits {
    Limits {
        steps: 30_000,
        held_bytes: 4 << 20,
        value_bytes: 1 << 20,
        acts: 50,
        layers: 8,
        made: 4,
        ..Limits::default()
    }
}

fn both(source: &str, limits: &Limits) -> [Report; 2] {
    let reports = [powershell::run(source, limits), batch::run(source, limits)];
    for report in &reports {
        assert!(report.acts.len() <= limits.acts);
        assert!(report.layers.len() <= limits.layers && report.made.len() <= limits.made);
        assert!(report.layers.iter().all(|it| it.text.len() <= limits.value_bytes));
        assert!(report.made.iter().all(|it| it.content.len() <= limits.value_bytes));
    }
    reports
}

/// Scripts of the tables, to be spoilt.
fn known() -> impl Strategy<Value = String> {
    let all: Vec<String> =
        powershell::sources().chain(batch::sources()).map(str::to_owned).collect();
    prop::sample::select(all)
}

/// Parts that mean something.
fn piece() -> impl Strategy<Value = String> {
    let pieces: Vec<&'static str> = vec![
        "$(",
        ")",
        "(",
        "{",
        "}",
        "[",
        "]",
        "@(",
        "@{",
        "'",
        "\"",
        "`",
        "$x",
        "$_",
        "=",
        "+=",
        "-join ",
        "-split ",
        "-f ",
        "-bxor ",
        "..",
        ",",
        ";",
        "|",
        "%",
        "&",
        ".",
        "iex ",
        "foreach(",
        "while(1){",
        "[char]",
        "[byte[]]",
        "::",
        ".Replace(",
        ".Substring(",
        "@'\n",
        "\n'@",
        "\n",
        "1",
        "-1",
        "65535",
        "0x7fffffff",
        "1e300",
        "é",
        "𝒳",
        "set a=",
        "%a%",
        "%a:~-3,2%",
        "!a!",
        "^",
        "for /f %%i in (",
        ") do ",
        "for /l %%i in (1,1,9) do ",
        "if ",
        "else ",
        "goto x\n",
        ":x\n",
        "call :x ",
        "call ",
        "echo ",
        ">f",
        ">>f.bat",
        "<nul ",
        "&&",
        "||",
        "setlocal ",
        "set /a ",
        "set /p ",
        "(",
        ")",
        "@",
        "%~dp0",
        "%*",
        "cmd /c ",
        "powershell -c ",
        "rem ",
        "\u{feff}",
        "\0",
    ];
    prop::sample::select(pieces).prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_ends(source in any::<String>()) {
        both(&source, &short());
    }

    #[test]
    fn any_pieces_end(pieces in prop::collection::vec(piece(), 0..60)) {
        both(&pieces.concat(), &short());
    }

    #[test]
    fn spoilt_scripts_end(
        source in known(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, piece()), 0..6),
    ) {
        let mut chars: Vec<char> = source.chars().collect();
        for (place, length, piece) in cuts {
            let at = place.index(chars.len() + 1);
            let end = (at + length).min(chars.len());
            chars.splice(at..end, piece.chars());
        }
        both(&chars.into_iter().collect::<String>(), &short());
    }

    #[test]
    fn any_command_line_ends(line in any::<String>(), pieces in prop::collection::vec(piece(), 0..8)) {
        crate::hidden(&line);
        crate::hidden(&format!("powershell {}", pieces.concat()));
        crate::hidden(&format!("cmd {}", pieces.concat()));
    }
}

#[test]
fn what_is_nested_deeply_is_cut() {
    let pieces = [
        "(",
        "$(",
        "@(",
        "@{a=",
        "{",
        "[",
        "[char]",
        "-not ",
        "!",
        "'a'+",
        "1,",
        "$a=",
        "$a.b",
        "$a.b(",
        "$a[",
        "\"$(",
        "if(1){",
        "if(1){}else{",
        "while(0){",
        "foreach($a in ",
        "switch(1){1{",
        "function f{",
        "try{",
        "&{",
        "%{",
        "$a|",
        "return ",
        "throw ",
        "-join ",
        "`",
        "& ",
        "iex ",
        ".{",
        "a(",
        "if a==a ",
        "if a==a (",
        "(",
        "for %%i in (a) do ",
        "for %%i in (",
        "call ",
        "echo a & ",
        "echo a | ",
        "cmd /c ",
        "echo a>",
        "set /a (",
        "%a:",
        "!",
        "^",
        "start ",
        "powershell -c ",
        "cmd /v /c ",
    ];
    for piece in pieces {
        let source = piece.repeat(50_000 / piece.len());
        both(&source, &Limits { steps: 300_000, ..Limits::default() });
    }
}

#[test]
fn what_does_not_end_is_left() {
    let scripts = [
        "while($true){}",
        "for(;;){$i++}",
        "$a='a';while(1){$a+=$a}",
        "$a=@(1);while(1){$a+=$a}",
        "$a=,1;while(1){$a=,$a}",
        "function f{f};f",
        "function f{f;f};f",
        "$s='iex $s';iex $s",
        "$s='iex $s;iex $s';iex $s",
        "$h=@{};$h.a=$h;while(1){$h.b=@{c=$h}}",
        "'a'*1000000000",
        "1..100000000|%{$_}",
        "[byte[]]::new(2000000000)",
        "New-Object byte[] 2000000000",
        "'a'.PadLeft(2000000000)",
        "$a='a'*1000000;while(1){$b=$a -replace 'a','aaaaaaaaaaaaaaaa'}",
        "('a'*100000) -match '(a*)*(a*)*(a*)*b'",
        "$l=New-Object Collections.ArrayList;while(1){[void]$l.Add($l)}",
        "while(1){$env:a=$env:a+'aaaaaaaaaaaaaaaaaaaaa'}",
        "while(1){irm \"http://192.0.2.1/$i\";$i++}",
        "$i=0;while(1){Set-Content \"f$i\" ('x'*100000);$i++}",
        "powershell -c \"powershell -c $s\"",
        "'{0}{0}{0}{0}{0}{0}{0}{0}' -f ('a'*10000000)",
        "$a=[Text.StringBuilder]::new();while(1){[void]$a.Append($a.ToString()+'a')}",
        ":a\ngoto a",
        ":a\nset a=%a%a\ngoto a",
        ":a\ncall :a\ncall :a",
        ":a\n%0|%0",
        "start %0\n%0\n%0",
        "for /l %%i in (1,0,2) do echo a>>f",
        "for /l %%i in (1,1,99999999) do set /a x+=1",
        "for /l %%i in (1,1,99999) do for /l %%j in (1,1,99999) do echo %%i%%j>>%%i",
        "set a=%a:a=aaaaaaaa%\nset a=aaaaaaaaaaaa\n:x\nset a=%a:a=aaaaaaaa%\ngoto x",
        ":x\nset /a n+=1\nset v%n%=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nsetlocal\ngoto x",
        ":x\nset /a n+=1\ncurl http://192.0.2.1/%n%\ngoto x",
        "echo %0>a.bat\n:x\ncall a.bat\ngoto x",
        "copy %0 a.bat\ncall a.bat\ncall a.bat",
    ];
    for script in scripts {
        let start = Instant::now();
        let reports = both(script, &Limits { steps: 200_000, ..Limits::default() });
        let took = start.elapsed();
        // Far from what it takes; what hangs takes for ever.
        assert!(took < Duration::from_mins(2), "{script} took {took:?}");
        println!("{took:?} {script:.60} {:?}", reports.map(|it| (it.acts.len(), it.notes)));
    }
}

#[test]
fn what_follows_an_endless_loop_is_run() {
    let report = powershell::run("while($true){$i++}\nirm http://192.0.2.7/a", &Limits::default());
    assert_eq!(crate::told::told(&report), ["fetch http://192.0.2.7/a"]);
    let report =
        batch::run(":x\nset /a i+=1\nif 1==1 goto x\ncurl http://192.0.2.7/a", &Limits::default());
    assert_eq!(crate::told::told(&report), ["fetch http://192.0.2.7/a"]);
}
