"""File names that break naive headers, paths and encodings."""

HOSTILE_FILENAMES = [
    "sea.jpg",
    'a"b\\c.jpg',
    "a\r\nSet-Cookie: x=1.jpg",
    "a\0b.jpg",
    "grüße.jpg",
    "café.jpg",
    "\u202egpj.exe",
    "📷 photo.jpg",
    "100%.jpg",
    "a;filename=b.html",
    "..\\..\\x.jpg",
    "",
    " ",
    "é" * 127,
]
