"""Files that are evidence, as small as their kinds allow, and what else people and strangers choose."""

import struct
import zlib


def _chunk(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def a_pdf(inside: bytes = b"1 0 obj<<>>endobj") -> bytes:
    return b"%PDF-1.7\n" + inside + b"\ntrailer<<>>\nstartxref\n9\n%%EOF\n"


def a_png(beside: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    text = _chunk(b"tEXt", beside) if beside else b""
    pixels = _chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + text + pixels + _chunk(b"IEND")


def a_jpeg() -> bytes:
    return b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0" + b"\0" * 40 + b"\xff\xd9"


def a_webp() -> bytes:
    body = b"WEBPVP8L" + struct.pack("<I", 10) + b"\x2f" + b"\0" * 9
    return b"RIFF" + struct.pack("<I", len(body)) + body


HTML = b"<html><script>alert(1)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
GOOD = {"PDF": a_pdf(), "PNG": a_png(), "JPEG": a_jpeg(), "WebP": a_webp()}
BAD = {
    "nothing": (b"", "empty"),
    "an SVG": (SVG, "no PDF"),
    "an SVG with an XML head": (b'<?xml version="1.0"?>' + SVG, "no PDF"),
    "a page": (HTML, "no PDF"),
    "a GIF": (b"GIF89a" + b"\0" * 30, "no PDF"),
    "a program": (b"MZ\x90\0" + b"\0" * 60, "no PDF"),
    "a page before a PDF": (HTML + a_pdf(), "no PDF"),
    "a page after a PDF": (a_pdf() + HTML, "appended"),
    "a page after a PNG": (a_png() + HTML, "appended"),
    "a page after a JPEG": (a_jpeg() + HTML, "appended"),
    "a page after a WebP": (a_webp() + HTML, "appended"),
    "half a PDF": (a_pdf()[:-8], "cut off"),
    "half a PNG": (a_png()[:-4], "cut off"),
    "a PNG whose end is a lie": (a_png()[:-12] + b"\xff" * 8, "cut off"),
    "half a JPEG": (a_jpeg()[:-1], "cut off"),
    "half a WebP": (a_webp()[:-1], "cut off"),
    "a PDF's first line": (b"%PDF-1.7\n%%EOF", "cut off"),
    "a PDF's name for it": (b"%PDF-x", "no PDF"),
    "another RIFF": (b"RIFF\x10\0\0\0WAVEfmt " + b"\0" * 8, "no PDF"),
}
"""With a word of the sentence that refuses it."""
HARMLESS_NAMES = ["form.pdf", "Ficha de Inscrição (João), 3.pdf", "同意書.png", "scan-2026_11_20+1.jpg"]
HOSTILE_NAMES = [
    "../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd", "C:\\a.pdf", "<img src=x onerror=alert(1)>.pdf",
    "a\u202efdp.exe", "=1+1.pdf", "+1.pdf", "-rf.pdf", ".htaccess", "a\r\nSet-Cookie: x=1.pdf", 'a".pdf',
    "a\0.pdf", "a%00.pdf", "x" * 200 + ".pdf", "a;b.pdf", "{{7*7}}.pdf", "\ud800.pdf", "",
]  # fmt: skip
