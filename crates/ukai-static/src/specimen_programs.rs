//! Inert programs of Apple's and Android's systems for the tests, byte by byte.

/// A Mach-O program for x86-64, or for 32-bit ARM: one section, a library, two imports.
pub(crate) fn mach(wide: bool) -> Vec<u8> {
    let mut commands: Vec<Vec<u32>> = Vec::new();
    let letters = |text: &str, length: usize| -> Vec<u32> {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(length, 0);
        bytes.as_chunks::<4>().0.iter().map(|four| u32::from_le_bytes(*four)).collect()
    };
    // Addresses and lengths have two words where they are wide.
    let long = |value: u32| if wide { vec![value, 0] } else { vec![value] };
    let mut segment = letters("__TEXT", 16);
    for value in [0x1000, 0x1000, 0, 0x1000] {
        segment.extend(long(value));
    }
    segment.extend([7, 5, 1, 0]);
    segment.extend(letters("__text", 16));
    segment.extend(letters("__TEXT", 16));
    segment.extend(long(0x1400));
    segment.extend(long(16));
    segment.extend([0x400, 4, 0, 0, 0x8000_0400, 0, 0]);
    segment.extend(if wide { vec![0] } else { vec![] });
    segment.insert(0, if wide { 0x19 } else { 1 });
    commands.push(segment);
    let mut library = vec![0xc, 24, 0, 0, 0];
    library.extend(letters("/usr/lib/libSystem.B.dylib", 32));
    commands.push(library);
    commands.push(vec![0x1b, 0x0302_0100, 0x0706_0504, 0x0b0a_0908, 0x0f0e_0d0c]);
    commands.push(vec![0x8000_0028, 0x400, 0, 0, 0]);
    commands.push(vec![0x32, 1, 0x000a_0f00, 0x000b_0000, 0]);
    let entry = if wide { 16 } else { 12 };
    commands.push(vec![2, 0x420, 3, 0x420 + 3 * entry, 32]);
    commands.push(vec![0x1d, 0x4a0, 16]);
    let mut body: Vec<u32> = Vec::new();
    for mut command in commands.clone() {
        command.insert(1, 4 * (command.len() as u32 + 1));
        body.extend(command);
    }
    let (magic, cpu) = if wide { (0xfeed_facf, 0x0100_0007) } else { (0xfeed_face, 12) };
    let mut words = vec![magic, cpu, 3, 2, commands.len() as u32, 4 * body.len() as u32, 0x85];
    words.extend(if wide { vec![0] } else { vec![] });
    words.extend(body);
    let mut file: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    file.resize(0x400, 0);
    file.extend([0xcc; 16]);
    file.resize(0x420, 0);
    // `_system` and `_connect` are imported, `_main` is its own.
    for (name, kind) in [(1u32, 1u8), (9, 1), (18, 0xf)] {
        file.extend(name.to_le_bytes());
        file.extend([kind, u8::from(kind == 0xf), 0, 0]);
        file.resize(file.len() + entry as usize - 8, 0);
    }
    file.extend(b"\0_system\0_connect\0_main\0");
    file.resize(0x500, 0);
    file
}

/// A manifest that wants to read messages and be started with the telephone.
pub(crate) fn android_manifest() -> Vec<u8> {
    const TEXTS: &[&str] = &[
        "versionName",
        "name",
        "http://schemas.android.com/apk/res/android",
        "package",
        "manifest",
        "com.example.stealer",
        "1.2",
        "uses-permission",
        "android.permission.READ_SMS",
        "application",
        "receiver",
        ".Boot",
        "intent-filter",
        "action",
        "android.intent.action.BOOT_COMPLETED",
    ];
    const NONE: u32 = u32::MAX;
    let mut offsets = Vec::new();
    let mut letters: Vec<u8> = Vec::new();
    for text in TEXTS {
        offsets.extend((letters.len() as u32).to_le_bytes());
        letters.extend((text.len() as u16).to_le_bytes());
        letters.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        letters.extend([0, 0]);
    }
    letters.resize(letters.len().next_multiple_of(4), 0);
    let words = |words: &[u32]| words.iter().flat_map(|it| it.to_le_bytes()).collect::<Vec<u8>>();
    let chunk = |kind: u32, header: u32, content: Vec<u8>| {
        let mut chunk = words(&[kind | header << 16, 8 + content.len() as u32]);
        chunk.extend(content);
        chunk
    };
    let start = 28 + offsets.len() as u32;
    let mut pool = words(&[TEXTS.len() as u32, 0, 0, start, 0]);
    pool.extend(offsets);
    pool.extend(letters);
    let mut body = chunk(1, 28, pool);
    body.extend(chunk(0x180, 8, words(&[0x0101_021c, 0x0101_0003])));
    let begin = |name: u32, attributes: &[(u32, u32, u32)]| {
        let count = attributes.len() as u32;
        let mut node = words(&[1, NONE, NONE, name, 0x14 | 0x14 << 16, count, 0]);
        for (space, name, value) in attributes {
            node.extend(words(&[*space, *name, *value, 8 | 3 << 24, *value]));
        }
        chunk(0x102, 16, node)
    };
    let end = |name: u32| chunk(0x103, 16, words(&[1, NONE, NONE, name]));
    body.extend(begin(4, &[(2, 0, 6), (NONE, 3, 5)]));
    body.extend(begin(7, &[(2, 1, 8)]));
    body.extend(end(7));
    body.extend(begin(9, &[]));
    body.extend(begin(10, &[(2, 1, 11)]));
    body.extend(begin(12, &[]));
    body.extend(begin(13, &[(2, 1, 14)]));
    for name in [13, 12, 10, 9, 4] {
        body.extend(end(name));
    }
    chunk(3, 8, body)
}

/// Byte code whose classes have these descriptors, and do nothing.
pub(crate) fn dalvik(descriptors: &[&str]) -> Vec<u8> {
    const HEADER: u32 = 0x70;
    let count = descriptors.len() as u32;
    let (strings, types) = (HEADER, HEADER + 4 * count);
    let classes = types + 4 * count;
    let data = classes + 32 * count;
    let mut texts: Vec<u8> = Vec::new();
    let mut body: Vec<u32> = Vec::new();
    for descriptor in descriptors {
        body.push(data + texts.len() as u32);
        texts.push(descriptor.len() as u8);
        texts.extend(descriptor.as_bytes());
        texts.push(0);
    }
    body.extend(0..count);
    for index in 0..count {
        body.extend([index, 1, u32::MAX, 0, u32::MAX, 0, 0, 0]);
    }
    let mut file = b"dex\n035\0".to_vec();
    file.resize(HEADER as usize, 0);
    let fields = [(36, HEADER), (40, 0x1234_5678), (56, count), (60, strings)];
    for (at, value) in
        fields.into_iter().chain([(64, count), (68, types), (96, count), (100, classes)])
    {
        file[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    file.extend(body.iter().flat_map(|word| word.to_le_bytes()));
    file.extend(texts);
    let length = file.len() as u32;
    file[32..36].copy_from_slice(&length.to_le_bytes());
    let (low, high) = file[12..].iter().fold((1u32, 0u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    file[8..12].copy_from_slice(&(high << 16 | low).to_le_bytes());
    file
}
