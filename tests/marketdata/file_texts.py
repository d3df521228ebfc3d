"""CSV texts that Hypothesis writes: sound ones in many forms, and spoilt ones."""

from hypothesis import strategies as st

HEADERS = st.permutations(["timestamp", "open", "high", "low", "close", "volume", "tick_count"])
STAMPS = {
    "moments": lambda second: f"2020-01-01T{second // 3_600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z",
    "seconds": lambda second: str(1_000_000_000 + second),
    "milliseconds": lambda second: str(1_000_000_000_000 + second),
    "nanoseconds": lambda second: f"2020-01-01 00:00:00.{second:09d}",
    "offsets": lambda second: f"{2001 + second // 3_600:04d}-06-01T{second // 60 % 24:02d}:00+05:30",
    "dates": lambda second: f"{2000 + second % 900:04d}-02-28",
    "mixed": lambda second: [f"{2000 + second % 900:04d}-02-28", f"{2000 + second % 900:04d}-02-28T00:00:00"][
        second % 2
    ],
}
CELLS = [
    "", " ", "nan", "-inf", "1e400", "1_000", " 7", "7 ", "+7", "0x1", "\uff11", "seven", "-1", "1.5", '"7"', '"7', "7\r", "7,7",
    "0000-01-01", "2020-02-30", "2020-01-01T24:00:00", "2020-01-01T00:00:60Z", "20200101", "2020-01-01T00:00", "caf\xe9", "\0",
]  # fmt: skip


@st.composite
def sound_texts(draw):
    """Header and rows of candles whose time rises."""
    kind = draw(st.sampled_from(sorted(STAMPS)))
    four = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=4, max_size=4).map(sorted)
    rows = {}
    for second in draw(st.lists(st.integers(0, 86_399), min_size=1, max_size=12)):
        low, one, other, high = draw(four)
        rows[STAMPS[kind](second)] = {
            "open": repr(one), "high": repr(high), "low": repr(low), "close": repr(other),
            "volume": repr(draw(st.floats(0, 1e300))), "tick_count": str(draw(st.integers(0, 10**12))),
        }  # fmt: skip
    header = [*draw(HEADERS)]
    optional = draw(st.sets(st.sampled_from(["volume", "tick_count"])))
    header = [name for name in header if name not in optional]
    return header, [[{"timestamp": text, **cells}[name] for name in header] for text, cells in sorted(rows.items())]


@st.composite
def odd_texts(draw):
    """The bytes of a file in which some cells, rows or ends of lines may be odd or wrong."""
    header, rows = draw(sound_texts())
    for _ in range(draw(st.integers(0, 2))):
        row = rows[draw(st.integers(0, len(rows) - 1))]
        row[draw(st.integers(0, len(row) - 1))] = draw(st.sampled_from(CELLS))
    lines = [",".join(row) for row in (header, *rows)]
    match draw(st.sampled_from(["sound", "sound", "blank", "short", "long", "twice", "swapped", "spaced", "none"])):
        case "blank":
            lines.insert(draw(st.integers(0, len(lines))), "")
        case "short":
            lines[-1] = lines[-1].rpartition(",")[0]
        case "long":
            lines[draw(st.integers(0, len(lines) - 1))] += ","
        case "twice":
            lines.append(lines[-1])
        case "swapped":
            lines[1:] = lines[:0:-1]
        case "spaced":
            lines = [line.replace(",", ", ") for line in lines]
        case "none":
            del lines[1:]
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    text = end.join(lines) + draw(st.sampled_from(["", end, end * 2]))
    mark = draw(st.sampled_from(["", "\ufeff"]))
    return (mark + text).encode(draw(st.sampled_from(["utf-8", "utf-8", "utf-8", "latin-1"])), "replace")
