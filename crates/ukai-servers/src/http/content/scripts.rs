//! Scripts that do nothing, in the languages that droppers fetch.

pub(super) fn media_type(extension: &str) -> &'static str {
    match extension {
        "py" => "text/x-python",
        "hta" => "application/hta",
        "bat" | "cmd" => "application/bat",
        "vbs" | "vbe" => "text/vbscript",
        "jse" => "application/javascript",
        _ => "text/plain",
    }
}

/// A script for files of this extension.
pub(super) fn script(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "sh" | "bash" => "#!/bin/sh\n# Nothing to be done on this host.\necho ok\nexit 0\n",
        "ps1" | "psm1" => "# Nothing to be done on this host.\r\nWrite-Output \"ok\"\r\nexit 0\r\n",
        "bat" | "cmd" => "@echo off\r\nrem Nothing to be done on this host.\r\nexit /b 0\r\n",
        "vbs" | "vbe" => "' Nothing to be done on this host.\r\nWScript.Quit 0\r\n",
        "jse" => "// Nothing to be done on this host.\r\nWScript.Quit(0);\r\n",
        "wsf" => {
            "<job id=\"main\">\r\n<script language=\"VBScript\">\r\nWScript.Quit 0\r\n\
             </script>\r\n</job>\r\n"
        }
        "hta" => {
            "<html><head><title>Update</title><HTA:APPLICATION ID=\"a\"/></head>\r\n\
             <body><script language=\"VBScript\">window.close</script></body></html>\r\n"
        }
        "py" => "#!/usr/bin/env python3\n# Nothing to be done on this host.\nprint(\"ok\")\n",
        "rb" => "#!/usr/bin/env ruby\n# Nothing to be done on this host.\nputs \"ok\"\n",
        _ => return None,
    })
}
