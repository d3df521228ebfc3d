"""A file with planted faults, and what `tradedesk data check` finds in it."""

from pathlib import Path
from tempfile import TemporaryDirectory

from tradedesk.marketdata import format_timestamp
from tradedesk.marketdata.quality import KINDS, check_file

HOUR = 3_600 * 10**9
MONDAY = 1_578_268_800 * 10**9  # 2020-01-06


def rows() -> list[str]:
    lines = ["timestamp,open,high,low,close"]
    for hour in range(24 * 7 * 4):
        weekend = hour // 24 % 7 >= 5
        missing = 270 <= hour < 273
        price = 100 + hour * 7 % 5 / 4
        if hour == 100:
            price *= 10  # a slip of the finger
        if hour >= 500:
            price = round(price / 2, 3)  # a split that nobody adjusted
        if not weekend and not missing:
            time = format_timestamp(MONDAY + hour * HOUR)
            lines.append(f"{time},{price},{price + 0.1},{price - 0.1},{price}")
    return lines


with TemporaryDirectory() as folder:
    path = Path(folder) / "made_up.csv"
    path.write_text("\n".join(rows()) + "\n")
    quality = check_file(path)

print(f"{quality.rows} rows of {quality.period}, clean: {quality.clean}")
for sentence in quality.inferred:
    print(sentence)
for finding in quality.findings:
    print(f"{KINDS[finding.kind].title}: {finding.count}")
    for example in finding.examples:
        print(f"  line {example.line}, {example.timestamp}: {example.detail}")
