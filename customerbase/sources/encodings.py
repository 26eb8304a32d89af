"""The encodings of raw files, strictly: cp932 is the one of Windows (①㈱髙﨑～), EUC-JP has its vendor characters too."""

import codecs

BOM = codecs.BOM_UTF8
ENCODINGS = ("auto", "utf-8", "utf-8-sig", "cp932", "euc-jp")


def _vendor_characters(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler: the vendor characters (①㈱髙) of EUC-JP files that Python's euc_jp lacks, through cp932."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    pair = error.object[error.start : error.start + 2]
    if len(pair) < 2 or min(pair) < 0xA1 or max(pair) > 0xFE:
        raise error
    row, cell = pair[0] - 0x80, pair[1] - 0x80
    lead = ((row + 1) >> 1) + (0x70 if row < 0x5F else 0xB0)
    trail = cell + (0x7E if row % 2 == 0 else 0x1F if cell < 0x60 else 0x20)
    try:
        return bytes((lead, trail)).decode("cp932"), error.start + 2
    except UnicodeDecodeError:
        raise error from None


codecs.register_error("customerbase.vendor", _vendor_characters)


def decode(raw: bytes, encoding: str) -> str:
    """The text of `raw`, strictly: UnicodeDecodeError for a byte the encoding does not know."""
    if encoding == "euc-jp":
        return raw.decode("euc_jp", "customerbase.vendor")
    return raw.decode("utf-8" if encoding == "utf-8-sig" else encoding)
