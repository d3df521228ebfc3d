"use strict";
(() => {
  const root = document.documentElement;
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const PAPER_WIDTH = 680; // CSS pixels between the margins of an A4 or letter page
  const FONT = "12px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
  const charts = [];

  // Series: numbers in base64, little-endian as every browser's typed arrays are ------------------------------------

  const bytes = (text) => {
    const raw = atob(text), out = new Uint8Array(raw.length);
    for (let at = 0; at < raw.length; at++) out[at] = raw.charCodeAt(at);
    return out.buffer;
  };

  const numbers = (coded) => {
    if (coded.f64 !== undefined) return new Float64Array(bytes(coded.f64));
    if (coded.u32 !== undefined) return new Uint32Array(bytes(coded.u32));
    const values = new Float32Array(bytes(coded.f32));
    if (coded.starts === undefined) return values;
    const starts = new Uint32Array(bytes(coded.starts)), out = new Float32Array(coded.length);
    for (let run = 0; run < starts.length; run++) out.fill(values[run], starts[run], starts[run + 1] ?? coded.length);
    return out;
  };

  const times = numbers(data.times);
  if (!times.length) return;
  const whole = [times[0], times[times.length - 1]];
  if (whole[0] === whole[1]) { whole[0] -= 43200; whole[1] += 43200; }
  let seen = [...whole];

  // The place of the last value at or before `x`; -1 before the first.
  const before = (xs, x) => {
    let low = 0, high = xs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (xs[middle] <= x) low = middle + 1; else high = middle;
    }
    return low - 1;
  };

  // What is seen of long series: two points for each pixel, the lowest and the highest value there, in their order.
  const thin = (xs, lines, from, to, pixels) => {
    const first = Math.max(0, before(xs, from)), end = Math.min(xs.length, before(xs, to) + 2), length = end - first;
    if (length <= 4 * pixels) return [xs.subarray(first, end), ...lines.map((line) => line.subarray(first, end))];
    const edges = Array.from({ length: pixels + 1 }, (_, at) => first + Math.floor((at * length) / pixels));
    const out = [new Float64Array(2 * pixels), ...lines.map(() => new Float64Array(2 * pixels))];
    for (let at = 0; at < pixels; at++) {
      const start = edges[at], stop = edges[at + 1];
      out[0][2 * at] = xs[start];
      out[0][2 * at + 1] = xs[stop - 1];
      lines.forEach((line, which) => {
        let low = start, high = start;
        for (let place = start + 1; place < stop; place++) {
          if (line[place] < line[low]) low = place;
          else if (line[place] > line[high]) high = place;
        }
        out[which + 1][2 * at] = line[Math.min(low, high)];
        out[which + 1][2 * at + 1] = line[Math.max(low, high)];
      });
    }
    return out;
  };

  // Words and colours -----------------------------------------------------------------------------------------------

  const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const mixed = (one, other, share) => {
    const part = (hex, at) => parseInt(hex.slice(1 + 2 * at, 3 + 2 * at), 16);
    return `rgb(${[0, 1, 2].map((at) => Math.round(part(one, at) * share + part(other, at) * (1 - share))).join(" ")})`;
  };

  const grouped = (digits) => {
    const format = new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return (value) => format.format(value).replace("-", "−");
  };
  const two = grouped(2), none = grouped(0);
  const sixFigures = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 6 });
  const price = (value) => sixFigures.format(value).replace("-", "−");
  const percent = (value) => `${two(value)} %`;
  const money = (value) => two(value) + (data.currency ? ` ${data.currency}` : "");
  const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 3 });
  const short = (value) => compact.format(value).replace("-", "−");

  const moment = (seconds) => {
    const text = new Date(seconds * 1000).toISOString();
    return text.slice(11, 19) === "00:00:00" ? text.slice(0, 10) : `${text.slice(0, 10)} ${text.slice(11, 16)}`;
  };

  const element = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };

  // One chart -------------------------------------------------------------------------------------------------------
  //
  // spec: xs, lines [{label, values, colour, fill}], height, format (of a value read off), ticks (of the axis); and optional:
  // stacked, stepped, joined (no time labels: the chart below has them), range (of y), axis (its own splits), under and
  // over (draw below and above the lines).

  class Chart {
    constructor(figure, spec) {
      this.figure = figure;
      this.spec = spec;
      this.hidden = new Set();
      this.box = figure.querySelector(".plot");
      this.when = figure.querySelector(".when");
      this.legend = element("ul", { class: "legend" });
      this.values = [];
      // One line needs no legend: the title names it, and its value stands beside the time.
      if (spec.lines.length > 1) {
        figure.insertBefore(this.legend, this.box);
        spec.lines.forEach((line, at) => this.entry(line, at));
      }
      this.box.addEventListener("keydown", (event) => this.key(event));
      this.build();
      charts.push(this);
    }

    entry(line, at) {
      const swatch = element("i", { class: "swatch" });
      const value = element("span", { class: "value" });
      swatch.style.setProperty("--swatch", `var(${line.colour})`);
      const button = element("button", { type: "button", "aria-pressed": "true" }, swatch, line.label, value);
      button.addEventListener("click", () => {
        this.hidden.has(at) ? this.hidden.delete(at) : this.hidden.add(at);
        button.setAttribute("aria-pressed", String(!this.hidden.has(at)));
        this.build();
      });
      const bring = (on) => () => {
        const place = this.shown.indexOf(at);
        if (place >= 0 && !this.spec.stacked && this.shown.length > 1) this.plot.setSeries(on ? place + 1 : null, { focus: on });
      };
      button.addEventListener("mouseenter", bring(true));
      button.addEventListener("mouseleave", bring(false));
      this.legend.append(element("li", {}, button));
      this.values.push(value);
    }

    build() {
      const { spec } = this;
      const order = spec.lines.map((_, at) => at).filter((at) => !this.hidden.has(at));
      this.drawn = order.map((at) => spec.lines[at].values);
      if (spec.stacked) {
        // The highest pile is painted first, so that each lower one covers it down to the axis.
        this.drawn = this.drawn.reduce((piles, values) => {
          const below = piles[piles.length - 1], pile = new Float64Array(values.length);
          for (let at = 0; at < pile.length; at++) pile[at] = values[at] + (below ? below[at] : 0);
          return [...piles, pile];
        }, []).reverse();
        order.reverse();
      }
      this.shown = order;
      this.plot?.destroy();
      this.plot = new uPlot(this.options(), this.view(), this.box);
    }

    width() { return root.dataset.theme === "light" ? PAPER_WIDTH : this.figure.clientWidth; }
    gutter() { return this.width() < 560 ? 64 : 80; } // one for all charts, so that their time axes line up

    view() {
      const lines = this.drawn.length ? this.drawn : [new Float32Array(this.spec.xs.length)];
      return thin(this.spec.xs, lines, seen[0], seen[1], Math.max(50, Math.round(this.width())));
    }

    options() {
      const { spec } = this;
      const page = colour("--page"), quiet = colour("--quiet"), grid = colour("--grid");
      const paths = spec.stepped ? uPlot.paths.stepped({ align: 1 }) : undefined;
      const series = this.shown.map((at) => {
        const line = spec.lines[at], tone = colour(line.colour);
        return {
          label: line.label,
          stroke: tone,
          width: spec.stacked ? 0 : line.width ?? 1.5,
          fill: spec.stacked ? mixed(tone, page, 0.8) : line.fill ? mixed(tone, page, 0.25) : undefined,
          paths,
          points: { show: spec.xs.length === 1 },
        };
      });
      const axis = { font: FONT, stroke: quiet, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
      return {
        width: this.width(),
        height: spec.height + (spec.joined ? 12 : 48),
        tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
        padding: [8, 16, spec.joined ? 4 : 0, 0], // right: half the label of a year
        legend: { show: false },
        focus: { alpha: 0.2 },
        cursor: {
          y: false,
          points: { show: false },
          drag: { x: true, y: false, setScale: false },
          sync: { key: "report", scales: ["x", null], setSeries: false },
          bind: { dblclick: () => () => { zoom(...whole); return null; } },
        },
        scales: { x: { time: true, range: () => [...seen] }, y: { range: spec.range } },
        series: [{}, ...(series.length ? series : [{ paths: () => null, points: { show: false } }])],
        axes: [
          { ...axis, size: spec.joined ? 0 : 40, gap: 6, values: spec.joined ? (_, splits) => splits.map(() => "") : undefined },
          { ...axis, size: this.gutter(), gap: 6, values: (_, splits) => splits.map((each) => spec.ticks(each)), ...spec.axis?.(this) },
        ],
        hooks: {
          drawClear: spec.under ? [(plot) => painted(plot, spec.under)] : [],
          draw: spec.over ? [(plot) => painted(plot, spec.over)] : [],
          setCursor: [(plot) => this.read(plot)],
          setSelect: [(plot) => {
            const { left, width } = plot.select;
            if (width < 4) return;
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            zoom(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
          }],
        },
      };
    }

    // What stands under the cursor, beside the names of the lines.
    read(plot) {
      const { left } = plot.cursor;
      const at = left === undefined || left < 0 ? -1 : before(this.spec.xs, plot.posToVal(left, "x"));
      const { lines, format, xs } = this.spec;
      const single = lines.length === 1 && at >= 0 ? `: ${format(lines[0].values[at])}` : "";
      this.when.textContent = at < 0 ? "" : moment(xs[at]) + single;
      this.values.forEach((value, which) => {
        value.textContent = at < 0 ? "" : format(lines[which].values[at]);
      });
    }

    key(event) {
      const { plot } = this, width = plot.over.clientWidth, [from, to] = seen;
      const left = plot.cursor.left >= 0 ? plot.cursor.left : width / 2;
      const step = event.shiftKey ? width / 10 : Math.max(1, width / 200);
      const centre = plot.posToVal(left, "x");
      const acts = {
        ArrowLeft: () => this.point(left - step),
        ArrowRight: () => this.point(left + step),
        "+": () => zoom(centre - (centre - from) / 2, centre + (to - centre) / 2),
        "-": () => zoom(centre - (centre - from) * 2, centre + (to - centre) * 2),
        0: () => zoom(...whole),
        Escape: () => zoom(...whole),
      };
      const act = acts[event.key === "=" ? "+" : event.key];
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act();
    }

    point(left) {
      const { plot } = this;
      const time = plot.posToVal(Math.min(Math.max(left, 0), plot.over.clientWidth - 1), "x");
      // uPlot carries the mouse from chart to chart, and not what a script points at.
      for (const { plot: each } of charts) each.setCursor({ left: each.valToPos(time, "x"), top: 1 });
      const shown = this.values.map((value, at) => `${this.spec.lines[at].label} ${value.textContent}`);
      document.getElementById("spoken").textContent = [this.when.textContent, ...shown].join(", ");
    }
  }

  // Draw inside the plot and nowhere else. Hooks draw in device pixels: `scale` of them make a CSS pixel.
  const painted = (plot, paint) => {
    const { ctx, bbox } = plot, scale = plot.pxRatio ?? devicePixelRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    paint(plot, ctx, scale);
    ctx.restore();
  };

  const level = (value, label, name) => (plot, ctx, scale) => {
    const y = plot.valToPos(value, "y", true), { left, width, top } = plot.bbox;
    ctx.strokeStyle = ctx.fillStyle = colour(name);
    ctx.lineWidth = scale;
    ctx.setLineDash([5 * scale, 4 * scale]);
    ctx.beginPath();
    ctx.moveTo(left, y);
    ctx.lineTo(left + width, y);
    ctx.stroke();
    ctx.font = `${12 * scale}px system-ui, sans-serif`;
    ctx.textAlign = "right";
    ctx.textBaseline = y - 16 * scale < top ? "top" : "bottom";
    ctx.lineWidth = 4 * scale;
    ctx.setLineDash([]);
    ctx.strokeStyle = colour("--page");
    ctx.strokeText(label, left + width - 4 * scale, y + (ctx.textBaseline === "top" ? 3 : -2) * scale);
    ctx.fillText(label, left + width - 4 * scale, y + (ctx.textBaseline === "top" ? 3 : -2) * scale);
  };

  const zoomed = document.querySelector(".zoomed");
  const zoom = (from, to) => {
    const apart = (whole[1] - whole[0]) / 1e6;
    from = Math.max(from, whole[0]);
    to = Math.min(to, whole[1]);
    if (to - from < apart) return;
    seen = [from, to];
    for (const chart of charts) chart.plot.setData(chart.view());
    zoomed.hidden = from === whole[0] && to === whole[1];
    zoomed.firstElementChild.textContent = `${moment(from)} – ${moment(to)}`;
  };
  zoomed.querySelector("button").addEventListener("click", () => zoom(...whole));

  // The charts of the report ----------------------------------------------------------------------------------------

  const place = (name) => document.querySelector(`[data-chart="${name}"]`);
  const padded = (low, high) => { const room = (high - low || Math.abs(high) || 1) * 0.06; return [low - room, high + room]; };
  const around = (...levels) => (_, low, high) => padded(Math.min(low ?? levels[0], ...levels), Math.max(high ?? levels[0], ...levels));
  const sleeves = data.sleeves.map((sleeve) => ({
    label: sleeve.label,
    colour: `--s${sleeve.colour}`,
    profit: numbers(sleeve.profit),
    allocation: numbers(sleeve.allocation),
    active: numbers(sleeve.active),
  }));
  const lines = (key) => sleeves.map((sleeve) => ({ label: sleeve.label, colour: sleeve.colour, values: sleeve[key], width: 1.25 }));

  const equityCharts = () => {
    const fallen = numbers(data.drawdown).map((share) => share * 100);
    new Chart(place("equity"), {
      xs: times,
      lines: [{ label: "Equity", colour: "--equity", values: numbers(data.equity) }],
      height: 300,
      joined: true,
      format: money,
      ticks: short,
      range: around(data.start),
      under: level(data.start, `start ${short(data.start)}`, "--quiet"),
    });
    new Chart(place("drawdown"), {
      xs: times,
      lines: [{ label: "Drawdown", colour: "--loss", values: fallen, fill: true }],
      height: 120,
      format: percent,
      ticks: (value) => `${short(value)} %`,
      range: (_, low) => [Math.min(low ?? 0, -0.01) * 1.06, 0],
    });
  };

  const sleeveCharts = () => {
    new Chart(place("profit"), {
      xs: times,
      lines: lines("profit"),
      height: 340,
      format: money,
      ticks: short,
      range: around(0),
      under: level(0, "", "--quiet"),
    });
  };

  const riskCharts = () => {
    const budget = data.budget;
    new Chart(place("allocation"), {
      xs: times,
      lines: lines("allocation"),
      height: 260,
      stacked: true,
      stepped: true,
      joined: true,
      format: two,
      ticks: short,
      range: (_, __, high) => [0, Math.max(high ?? 0, budget ?? 0) * 1.1 || 1],
      over: budget === null ? undefined : level(budget, `budget ${short(budget)}`, "--text"),
    });
    new Chart(place("active"), {
      xs: times,
      lines: [{ label: "Active sleeves", colour: "--s7", values: numbers(data.activeCount), fill: true }],
      height: 90,
      stepped: true,
      joined: true,
      format: none,
      ticks: (value) => (Number.isInteger(value) ? none(value) : ""),
      range: (_, __, high) => [0, Math.max(high ?? 0, 1) * 1.1],
    });
    regimeChart();
  };

  const regimeChart = () => {
    const rows = sleeves.length, row = Math.max(14, Math.min(24, 300 / rows));
    const ruler = document.createElement("canvas").getContext("2d");
    const clipped = (label, room) => {
      ruler.font = FONT;
      if (ruler.measureText(label).width <= room) return label;
      let length = label.length;
      while (length > 1 && ruler.measureText(`${label.slice(0, length)}…`).width > room) length--;
      return `${label.slice(0, length)}…`;
    };
    new Chart(place("regimes"), {
      xs: times,
      lines: [],
      height: rows * row + 12,
      ticks: String,
      range: () => [0, rows],
      axis: (chart) => ({
        splits: () => sleeves.map((_, at) => rows - at - 0.5),
        values: () => sleeves.map((sleeve) => clipped(sleeve.label, chart.gutter() - 8)),
        grid: { show: false },
      }),
      over: (plot, ctx, scale) => {
        const end = before(times, seen[1]) + 1, thick = row * 0.62 * scale;
        sleeves.forEach(({ active, colour: name }, at) => {
          const y = plot.valToPos(rows - at - 0.5, "y", true) - thick / 2;
          ctx.fillStyle = colour("--grid");
          ctx.fillRect(plot.bbox.left, y, plot.bbox.width, thick);
          ctx.fillStyle = colour(name);
          let drawn = -1;
          for (let span = 0; span < active.length; span += 2) {
            if (active[span] > end || (times[active[span + 1]] ?? whole[1]) < seen[0]) continue;
            const from = Math.max(drawn, Math.floor(plot.valToPos(times[active[span]], "x", true)));
            const to = Math.ceil(plot.valToPos(times[active[span + 1]] ?? whole[1], "x", true));
            if (to > from) ctx.fillRect(from, y, to - from, thick);
            drawn = Math.max(drawn, to);
          }
        });
      },
    });
  };

  const triangle = (ctx, x, y, size, up) => {
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(x - size, y + (up ? 1.6 : -1.6) * size);
    ctx.lineTo(x + size, y + (up ? 1.6 : -1.6) * size);
    ctx.closePath();
  };

  const tradesOn = (trades) => (plot, ctx, scale) => {
    const { entered, left, bought, sold, quantity, pnl } = trades;
    const inView = [...entered.keys()].filter((at) => left[at] >= seen[0] && entered[at] <= seen[1]);
    const size = (inView.length > 150 ? 3 : 5) * scale, page = colour("--page"), gain = colour("--gain"), loss = colour("--loss");
    for (const at of inView) {
      const x = plot.valToPos(entered[at], "x", true), y = plot.valToPos(bought[at], "y", true);
      const endX = plot.valToPos(left[at], "x", true), endY = plot.valToPos(sold[at], "y", true);
      ctx.strokeStyle = ctx.fillStyle = pnl[at] > 0 ? gain : loss;
      ctx.lineWidth = 1.5 * scale;
      ctx.setLineDash(pnl[at] > 0 ? [] : [3 * scale, 3 * scale]);
      ctx.beginPath();
      ctx.moveTo(x, y);
      ctx.lineTo(endX, endY);
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.beginPath();
      ctx.arc(endX, endY, 0.45 * size, 0, 7);
      ctx.fill();
      triangle(ctx, x, y, size, quantity[at] > 0);
      ctx.fill();
      ctx.lineWidth = scale;
      ctx.strokeStyle = page;
      ctx.stroke();
    }
  };

  const priceChart = () => {
    const choice = document.getElementById("instrument");
    const spec = () => {
      const chosen = data.prices[Number(choice.value)];
      place("price").querySelector(".unit").textContent = `${chosen.instrument}, close`; // paper has no list to choose from
      const coded = Object.entries(chosen.trades).map(([key, series]) => [key, numbers(series)]);
      return {
        xs: chosen.times === null ? times : numbers(chosen.times),
        lines: [{ label: chosen.instrument, colour: "--quiet", values: numbers(chosen.closes), width: 1.25 }],
        height: 340,
        format: price,
        ticks: price,
        range: (_, low, high) => padded(low ?? 0, high ?? 1),
        over: tradesOn(Object.fromEntries(coded)),
      };
    };
    const chart = new Chart(place("price"), spec());
    choice.addEventListener("change", () => {
      chart.spec = spec();
      chart.build();
    });
  };

  const rebuild = () => charts.forEach((chart) => chart.build());
  equityCharts();
  if (place("profit")) sleeveCharts();
  if (place("allocation")) riskCharts();
  if (place("price")) priceChart();

  let width = root.clientWidth;
  addEventListener("resize", () => {
    if (root.clientWidth === width) return; // a phone's address bar comes and goes
    width = root.clientWidth;
    requestAnimationFrame(rebuild);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", rebuild);
  addEventListener("beforeprint", () => { root.dataset.theme = "light"; rebuild(); });
  addEventListener("afterprint", () => { delete root.dataset.theme; rebuild(); });
})();
