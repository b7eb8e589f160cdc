//! Constants of VBScript and VBA.

/// A constant.
pub(super) enum Constant {
    Text(&'static str),
    Number(i64),
}

/// Texts by name.
const TEXTS: &[(&str, &str)] = &[
    ("vbcrlf", "\r\n"),
    ("vbnewline", "\r\n"),
    ("vbcr", "\r"),
    ("vblf", "\n"),
    ("vbtab", "\t"),
    ("vbnullchar", "\0"),
    ("vbnullstring", ""),
    ("vbformfeed", "\x0c"),
    ("vbverticaltab", "\x0b"),
    ("vbback", "\x08"),
];

/// Numbers by name.
const NUMBERS: &[(&str, i64)] = &[
    ("vbhide", 0),
    ("vbnormalfocus", 1),
    ("vbminimizedfocus", 2),
    ("vbmaximizedfocus", 3),
    ("vbnormalnofocus", 4),
    ("vbminimizednofocus", 6),
    ("vbtrue", -1),
    ("vbfalse", 0),
    ("vbusedefault", -2),
    ("vbbinarycompare", 0),
    ("vbtextcompare", 1),
    ("vbok", 1),
    ("vbcancel", 2),
    ("vbabort", 3),
    ("vbretry", 4),
    ("vbignore", 5),
    ("vbyes", 6),
    ("vbno", 7),
    ("vbokonly", 0),
    ("vbokcancel", 1),
    ("vbyesnocancel", 3),
    ("vbyesno", 4),
    ("vbcritical", 16),
    ("vbquestion", 32),
    ("vbexclamation", 48),
    ("vbinformation", 64),
    ("vbempty", 0),
    ("vbnull", 1),
    ("vbinteger", 2),
    ("vblong", 3),
    ("vbsingle", 4),
    ("vbdouble", 5),
    ("vbdate", 7),
    ("vbstring", 8),
    ("vbobject", 9),
    ("vberror", 10),
    ("vbboolean", 11),
    ("vbvariant", 12),
    ("vbbyte", 17),
    ("vbarray", 8192),
    ("vbobjecterror", -2_147_221_504),
    ("vbuppercase", 1),
    ("vblowercase", 2),
    ("vbpropercase", 3),
    ("vbunicode", 64),
    ("vbfromunicode", 128),
    ("vbmethod", 1),
    ("vbget", 2),
    ("vblet", 4),
    ("vbset", 8),
    ("forreading", 1),
    ("forwriting", 2),
    ("forappending", 8),
    ("adtypebinary", 1),
    ("adtypetext", 2),
    ("adsavecreateoverwrite", 2),
    ("adsavecreatenotexist", 1),
    ("admodereadwrite", 3),
];

/// The constant of a name in lower case.
pub(super) fn find(name: &str) -> Option<Constant> {
    if let Some((_, text)) = TEXTS.iter().find(|it| it.0 == name) {
        return Some(Constant::Text(text));
    }
    NUMBERS.iter().find(|it| it.0 == name).map(|it| Constant::Number(it.1))
}
