private rule is_program_or_picture
{
    condition:
        uint32(0) == 0x464c457f or uint16(0) == 0x5a4d or uint32(0) == 0x474e5089
}

rule download_and_run : dropper
{
    meta:
        about = "a shell's line that fetches a file and runs it; installers do that, too"
    strings:
        $pipe = /(curl|wget)[^\n|;&]{1,200}\|\s{0,4}(sudo\s)?(ba|da|z)?sh\b/
        $file = /(curl|wget|tftp|ftpget)[^\n]{1,300}chmod\s+(\+x|[0-7]{3,4})[^\n]{1,200}\.\//
    condition:
        not is_program_or_picture and any of them
}

rule loader_for_many_processors : dropper bot
{
    meta:
        about = "a script that fetches one program for each processor"
    strings:
        $get = /(wget|curl|tftp|ftpget)\s/
        $a = /[\/.](arm[4-7]?l?|armv[4-7]l)\b/
        $b = /[\/.](mips|mpsl|mipsel)\b/
        $c = /[\/.](x86|i[56]86|x86_64|amd64)\b/
        $d = /[\/.](ppc|powerpc|sh4|m68k|spc|sparc|arc)\b/
        $chmod = /chmod\s+(\+x|[0-7]{3,4})/
    condition:
        not is_program_or_picture and filesize < 1MB and $get and $chmod and 3 of ($a, $b, $c, $d)
}

rule bash_socket_to_shell : backdoor
{
    strings:
        $a = /(ba)?sh\s+-i\s*[<>&0-9 ]{1,8}\/dev\/(tcp|udp)\//
        $b = /exec\s+[0-9]+<>\/dev\/(tcp|udp)\//
        $c = /nc(at)?\s[^\n]{0,60}-e\s*\/bin\/(ba)?sh/
        $d = /mkfifo[^\n]{1,100}\|\s*nc\s/
    condition:
        not is_program_or_picture and any of them
}

rule python_socket_to_shell : backdoor
{
    strings:
        $socket = "socket.socket(" ascii
        $connect = ".connect((" ascii
        $dup = "os.dup2(" ascii
        $pty = "pty.spawn(" ascii
        $call = "subprocess.call([\"/bin/sh\"" ascii
    condition:
        not is_program_or_picture and $socket and $connect and 1 of ($dup, $pty, $call)
}

rule php_runs_what_is_sent : webshell
{
    strings:
        $php = "<?php" nocase
        $a = /\b(eval|assert|system|passthru|shell_exec|popen)\s*\(\s*@?\$_(GET|POST|REQUEST|COOKIE)\s*\[/ nocase
        $b = /\b(eval|assert)\s*\(\s*(gzinflate|gzuncompress|str_rot13|base64_decode)\s*\(/ nocase
        $c = /\$_(GET|POST|REQUEST)\s*\[[^\]]{1,40}\]\s*\(\s*\$_(GET|POST|REQUEST)/ nocase
    condition:
        $php and any of ($a, $b, $c)
}

rule powershell_fetches_and_runs : dropper
{
    strings:
        $a = "DownloadString(" nocase ascii wide
        $b = "DownloadData(" nocase ascii wide
        $c = "Invoke-WebRequest" nocase ascii wide
        $iex = /\b(IEX|Invoke-Expression)\b/ nocase ascii wide
        $load = "[Reflection.Assembly]::Load" nocase ascii wide
        $hidden = /-w(indowstyle)?\s+hidden/ nocase ascii wide
        $encoded = /-e(nc(odedcommand)?)?\s+[A-Za-z0-9+\/=]{80}/ nocase ascii wide
    condition:
        not is_program_or_picture and
        ((1 of ($a, $b, $c) and 1 of ($iex, $load)) or ($hidden and $encoded))
}

rule crontab_written_by_a_script : persistence
{
    strings:
        $a = /\*(\/[0-9]{1,2})? \* \* \* \*[^\n]{1,200}(curl|wget)/
        $b = "crontab -" ascii
        $c = "/etc/cron" ascii
        $d = "/var/spool/cron" ascii
    condition:
        not is_program_or_picture and $a and 1 of ($b, $c, $d)
}

rule script_ends_other_miners : miner
{
    strings:
        $a = /pkill\s+-(9|f)[^\n]{0,40}(xmr|kdevtmpfsi|kinsing|minerd)/
        $b = "kdevtmpfsi" ascii
        $c = "xmrig" ascii
        $d = /netstat[^\n]{1,200}kill\s+-9/
        $e = "chattr -i" ascii
    condition:
        not is_program_or_picture and 3 of them
}
