import "elf"
import "pe"

private rule is_elf { condition: uint32(0) == 0x464c457f }
private rule is_pe { condition: uint16(0) == 0x5a4d and uint32(uint32(0x3c)) == 0x4550 }

rule elf_bot_killing_rivals : bot
{
    meta:
        about = "looks through /proc for other bots, as Mirai and its descendants do"
    strings:
        $proc = "/proc/" fullword
        $exe = "/exe" fullword
        $maps = "/maps" fullword
        $status = "/status" fullword
        $deleted = " (deleted)"
        $wd1 = "/dev/watchdog"
        $wd2 = "/dev/misc/watchdog"
    condition:
        is_elf and $proc and $exe and ($wd1 and $wd2) and 1 of ($maps, $status, $deleted)
}

rule elf_telnet_scanner : bot
{
    meta:
        about = "answers of Telnet log-ins, and the shell's words that loaders type"
    strings:
        $a = "/bin/busybox" ascii
        $b = "applet not found" ascii
        $c = "enable" fullword ascii
        $d = "system" fullword ascii
        $e = "ncorrect" ascii
        $f = "assword" ascii
        $g = "ogin:" ascii
    condition:
        is_elf and $a and $b and 3 of ($c, $d, $e, $f, $g)
}

rule elf_command_words_of_floods : bot
{
    meta:
        about = "words by which Gafgyt and its descendants are told to attack"
    strings:
        $a = "LOLNOGTFO" ascii
        $b = "GETLOCALIP" ascii
        $c = "KILLATTK" ascii
        $d = "HOLD" fullword ascii
        $e = "JUNK" fullword ascii
        $f = "STOMP" fullword ascii
        $g = "PONG!" ascii
        $h = "UDP Flooding %s" ascii
        $i = "TCP Flooding %s" ascii
    condition:
        is_elf and (3 of ($a, $b, $c, $g, $h, $i) or (1 of ($a, $b, $c) and 2 of ($d, $e, $f)))
}

rule elf_packed_by_upx : packer
{
    strings:
        $magic = "UPX!"
        $info = "$Info: This file is packed with the UPX executable packer"
    condition:
        is_elf and ($info or (#magic >= 2 and elf.number_of_sections == 0))
}

rule pe_packed_by_upx : packer
{
    condition:
        is_pe and pe.number_of_sections >= 3 and
        pe.sections[0].name == "UPX0" and pe.sections[1].name == "UPX1"
}

rule program_mines_coins : miner
{
    meta:
        about = "speaks Stratum and knows the words of a miner's configuration"
    strings:
        $a = "stratum+tcp://" ascii wide
        $b = "stratum+ssl://" ascii wide
        $c = "\"mining.subscribe\"" ascii
        $d = "mining.authorize" ascii
        $e = "donate-level" ascii
        $f = "randomx" ascii nocase
        $g = "cryptonight" ascii nocase
        $h = "--rig-id" ascii
    condition:
        (is_elf or is_pe) and ((1 of ($a, $b) and 2 of ($c, $d, $e, $f, $g, $h)) or
        ($e and $f and $h))
}

rule elf_stays_by_cron_and_profile : persistence
{
    strings:
        $a = "/etc/cron.d/" ascii
        $b = "/var/spool/cron" ascii
        $c = "/etc/ld.so.preload" ascii
        $d = "/etc/rc.local" ascii
        $e = "authorized_keys" ascii
        $f = "* * * * * root" ascii
        $g = "*/1 * * * *" ascii
    condition:
        is_elf and filesize < 20MB and 4 of them
}

rule pe_drops_shadow_copies : ransom
{
    strings:
        $a = "vssadmin" ascii wide nocase
        $b = "delete shadows" ascii wide nocase
        $c = "shadowcopy delete" ascii wide nocase
        $d = "bcdedit" ascii wide nocase
        $e = "recoveryenabled no" ascii wide nocase
        $f = "wbadmin delete catalog" ascii wide nocase
    condition:
        is_pe and (($a and $b and 1 of ($d, $e, $f)) or ($c and 1 of ($d, $e, $f)))
}

rule pe_injects_into_processes : injection
{
    condition:
        is_pe and
        pe.imports("kernel32.dll", "WriteProcessMemory") and
        pe.imports("kernel32.dll", "VirtualAllocEx") and
        (pe.imports("kernel32.dll", "CreateRemoteThread") or
         pe.imports("kernel32.dll", "SetThreadContext") or
         pe.imports("kernel32.dll", "QueueUserAPC"))
}
