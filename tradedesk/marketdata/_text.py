"""Open a file as UTF-8 text, and turn what goes wrong below the text into errors that name the file."""

import gzip
import zlib
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, TextIO

from tradedesk.marketdata._errors import DamagedFileError, UnreadableFileError

# What a file that is no UTF-8 text most often is, by its first bytes.
_OTHER_KINDS: Final[Mapping[bytes, str]] = {
    b"\xff\xfe": "it is UTF-16; save it as UTF-8",
    b"\xfe\xff": "it is UTF-16; save it as UTF-8",
    b"\x1f\x8b": "it is compressed with gzip; let its name end in .csv.gz",
    b"PK": "it is a zip archive or a workbook; extract it or save it as CSV",
}


@contextmanager
def open_text(path: Path) -> Generator[TextIO, None, None]:
    """Open `path`, through gzip where its name ends in .gz, and close it again whatever happens.

    Raises:
        UnreadableFileError: The operating system refuses.
        DamagedFileError: What was read is not UTF-8, or not a whole gzip stream.
    """
    with _explained(path), _open(path) as stream:
        yield stream


@contextmanager
def open_bytes(path: Path) -> Generator[BinaryIO | gzip.GzipFile, None, None]:
    """Open `path` as `open_text` does, before its bytes become text.

    Raises:
        UnreadableFileError: The operating system refuses.
        DamagedFileError: What was read is not a whole gzip stream.
    """
    with _explained(path), _open_bytes(path) as stream:
        yield stream


@contextmanager
def _explained(path: Path) -> Generator[None, None, None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise undecodable(path) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DamagedFileError(
            file=str(path),
            rule=f"the gzip data is cut short or corrupt ({error}); fetch or compress the file again",
        ) from error
    except OSError as error:
        raise UnreadableFileError(file=str(path), rule=f"cannot be read: {error.strerror or error}") from error


def undecodable(path: Path) -> DamagedFileError:
    """Say why `path` is not text, by reading it again up to the first line that is not."""
    with _open_bytes(path) as stream:
        kind = _OTHER_KINDS.get(stream.read(2))
        stream.seek(0)
        return DamagedFileError(file=str(path), rule=kind or _first_flaw(stream))


def _first_flaw(stream: Iterable[bytes]) -> str:
    try:
        for number, line in enumerate(stream, 1):
            if b"\0" in line:
                return f"line {number} holds NUL bytes: the file is UTF-16, or was never written to its end"
            if not _is_utf8(line):
                return f"line {number} is not UTF-8, perhaps latin-1 or cp1252; save the file as UTF-8"
    except (EOFError, zlib.error):
        pass  # the gzip data breaks off in the very line that is looked for
    return "it is not UTF-8 text; save the file as UTF-8"


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _open_bytes(path: Path) -> gzip.GzipFile | BinaryIO:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
