rule macro_starts_by_itself_and_runs : document
{
    meta:
        about = "VBA that starts when a document is opened, and starts programs"
    strings:
        $a = "AutoOpen" nocase
        $b = "Auto_Open" nocase
        $c = "Document_Open" nocase
        $d = "Workbook_Open" nocase
        $x = "WScript.Shell" nocase
        $y = "Shell(" nocase
        $z = "CreateObject(" nocase
        $w = "powershell" nocase
        $vba = "Attribute VB_" nocase
    condition:
        $vba and 1 of ($a, $b, $c, $d) and 2 of ($x, $y, $z, $w)
}

rule pdf_runs_script_when_opened : document
{
    strings:
        $open = "/OpenAction"
        $aa = "/AA"
        $js = /\/(JavaScript|JS)\b/
        $launch = "/Launch"
    condition:
        uint32(0) == 0x46445025 and (($open or $aa) and ($js or $launch))
}

rule rtf_with_an_equation : document
{
    meta:
        about = "an object of the old equation editor, which no document needs"
    strings:
        $rtf = "{\\rt"
        $plain = "Equation.3" nocase
        $hex = "4571756174696f6e2e33" nocase
        $class = "02ce020000000000c000000000000046" nocase
    condition:
        $rtf at 0 and any of ($plain, $hex, $class)
}

rule page_smuggles_a_file : document
{
    meta:
        about = "a page that makes a file of itself and has it saved"
    strings:
        $blob = "new Blob(" nocase
        $url = "createObjectURL" nocase
        $save = "msSaveOrOpenBlob" nocase
        $name = /\.download\s*=/ nocase
        $decode = "atob(" nocase
        $click = ".click()" nocase
    condition:
        $blob and $decode and $click and ($url or $save) and $name and filesize < 20MB
}

rule shortcut_starts_a_shell : document
{
    strings:
        $a = "powershell" ascii wide nocase
        $b = "cmd.exe" ascii wide nocase
        $c = "mshta" ascii wide nocase
        $d = "http" ascii wide nocase
    condition:
        uint32(0) == 0x0000004c and uint32(4) == 0x00021401 and 1 of ($a, $b, $c) and $d
}
