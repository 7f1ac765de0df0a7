"use strict";
// Live figures and charts of the dashboard. The page is whole without this.
(() => {
  const body = document.body;
  const text = (id, value) => { const e = document.getElementById(id); if (e && e.textContent !== value) e.textContent = value; };
  // The server's clock, as far as its last answer tells.
  let skew = Number(body.dataset.now) - Date.now();
  const now = () => Date.now() + skew;

  // Replaces what changed and leaves charts, open tables and the focus alone.
  const take = (html) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    for (const next of template.content.querySelectorAll("[data-part]")) {
      const old = document.querySelector(`[data-part="${next.dataset.part}"]`);
      if (!old) continue;
      if (next.dataset.class) old.className = next.className;
      if (next.dataset.class !== "only" && old.innerHTML !== next.innerHTML && !old.contains(document.activeElement)) old.innerHTML = next.innerHTML;
    }
  };

  const amount = (value) => {
    const size = Math.abs(value);
    if (size >= 1000) return Math.round(value).toLocaleString("en").replaceAll(",", "\u202f");
    return String(Number(value.toPrecision(3)));
  };
  const units = {
    seconds: (v) => v === 0 ? "0 s" : Math.abs(v) < 1e-3 ? amount(v * 1e6) + " µs" : Math.abs(v) < 1 ? amount(v * 1e3) + " ms" : Math.abs(v) < 120 ? amount(v) + " s" : Math.abs(v) < 7200 ? amount(v / 60) + " min" : amount(v / 3600) + " h",
    bytes: (v) => { let i = 0; while (Math.abs(v) >= 1000 && i < 5) { v /= 1024; i++; } return amount(v) + " " + ["B", "KiB", "MiB", "GiB", "TiB", "PiB"][i]; },
    ratio: (v) => Number((v * 100).toFixed(2)) + " %",
    per_second: (v) => amount(v) + " /s",
    count: amount,
  };
  const shown = (unit, value) => value == null ? "–" : (units[unit] || amount)(value).replace(" ", "\u00a0");

  const moment = (seconds, [from, to]) => new Date(seconds * 1000).toISOString().slice(from, to).replace("T", " ");

  // A demo's buttons have keys; they press without leaving the page.
  const press = async (button) => {
    button.disabled = true;
    try { await fetch(button.form.action, { method: "POST", redirect: "manual" }); } catch { /* the break is said above */ }
    button.disabled = false;
  };
  for (const button of document.querySelectorAll("button[data-key]")) {
    button.form.addEventListener("submit", (event) => { event.preventDefault(); press(button); });
  }
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.matches?.("input, textarea, select")) return;
    document.querySelector(`button[data-key="${CSS.escape(event.key)}"]`)?.click();
  });

  if (body.id === "board") board(); else if (body.dataset.again) fleet();

  function fleet() {
    let fetched = Date.now();
    const again = async () => {
      try {
        const answer = await fetch(body.dataset.again, { headers: { accept: "text/html" } });
        if (!answer.ok) throw new Error(String(answer.status));
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const [old, next] = [document.getElementById("fleet"), page.getElementById("fleet")];
        if (next && old.innerHTML !== next.innerHTML && !old.contains(document.activeElement)) old.innerHTML = next.innerHTML;
        fetched = Date.now();
      } catch { /* said below */ }
    };
    setInterval(again, 5000);
    setInterval(() => {
      const age = Math.round((Date.now() - fetched) / 1000);
      document.getElementById("stale").hidden = age < 15;
      text("stale", `No answer from pgsre for ${age} s: what is shown is old.`);
    }, 1000);
  }

  function board() {
    const span = Number(body.dataset.span), patience = Number(body.dataset.patience);
    let at = Number(body.dataset.at);
    const charts = new Map();
    let loaded = 0, loading = false;

    // What is younger than the range is not squeezed into its end: all charts begin with the first figure of any.
    const SHORTEST = 120;
    let first = Infinity;
    const begin = () => Math.max(now() / 1000 - span, Math.min(first, now() / 1000 - SHORTEST));

    const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

    function options(chart, width) {
      const line = style("--line"), soft = style("--soft"), font = `${innerWidth >= 1920 ? 14 : 12}px system-ui, sans-serif`;
      const colours = [1, 2, 3, 4, 5, 6].map((n) => style(`--s${n}`));
      const value = (u, v) => shown(chart.unit, v);
      const range = (u, min, max) => {
        if (chart.unit === "ratio") return [Math.max(0, Math.min(0.98, (min ?? 1) - 0.005)), 1];
        if (min == null) [min, max] = [0, 1];
        for (const bound of chart.bounds) if (bound.value > max && bound.value < max * 4) max = bound.value;
        return [0, (max || 1) * 1.08];
      };
      return {
        width, height: innerWidth >= 1920 ? 240 : 180,
        cursor: { sync: { key: "pgsre" }, drag: { x: false, y: false }, points: { size: 6 } },
        scales: { x: { range: () => [begin(), now() / 1000] }, y: { range } },
        series: [{ label: "at", value: (u, v) => v == null ? "–" : moment(v, span > 86400 ? [5, 16] : [11, 19]) }].concat(chart.series.map((one, i) => ({
          label: one.name, stroke: colours[i % 6], width: 1.75, spanGaps: false, value,
          dash: one.name === "usable" ? [5, 4] : i >= 6 ? [8, 3] : undefined,
        }))),
        axes: [
          { stroke: soft, grid: { stroke: line, width: 1 }, ticks: { stroke: line }, font, space: (u, i, min, max) => (max - min < 600 ? 76 : 58) * (innerWidth >= 1920 ? 1.3 : 1), values: (u, all, at, space, step) => all.map((v) => moment(v, step >= 86400 ? [5, 10] : step < 60 ? [11, 19] : [11, 16])) },
          { stroke: soft, grid: { stroke: line, width: 1 }, ticks: { show: false }, font, size: 66, space: 36, incrs: chart.unit === "bytes" ? Array.from({ length: 50 }, (_, i) => 2 ** i) : undefined, values: (u, all) => all.map((v) => shown(chart.unit, v)) },
        ],
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
        hooks: { drawClear: [(u) => bands(u, chart)], draw: [(u) => bounds(u, chart)], setCursor: [newest], setData: [newest] },
      };
    }

    // Where nobody points at a moment, the legend says the last.
    function newest(u) {
      if (u.cursor.idx == null && u.data[0].length) u.setLegend({ idx: u.data[0].length - 1 }, false);
    }

    // The time in which a replica was not there.
    function bands(u, chart) {
      u.ctx.save();
      for (const band of chart.bands) {
        const from = Math.max(u.valToPos(band.from, "x", true), u.bbox.left), to = Math.min(u.valToPos(band.to, "x", true), u.bbox.left + u.bbox.width);
        if (to <= from) continue;
        u.ctx.globalAlpha = 0.22; u.ctx.fillStyle = style("--critical");
        u.ctx.fillRect(from, u.bbox.top, Math.max(to - from, 2), u.bbox.height);
      }
      u.ctx.restore();
    }

    function bounds(u, chart) {
      u.ctx.save();
      for (const bound of chart.bounds) {
        const y = u.valToPos(bound.value, "y", true);
        if (y < u.bbox.top || y > u.bbox.top + u.bbox.height) continue;
        u.ctx.strokeStyle = style(bound.severity === "critical" ? "--critical" : "--warning");
        u.ctx.setLineDash([6, 5]); u.ctx.lineWidth = devicePixelRatio;
        u.ctx.beginPath(); u.ctx.moveTo(u.bbox.left, y); u.ctx.lineTo(u.bbox.left + u.bbox.width, y); u.ctx.stroke();
      }
      u.ctx.restore();
    }

    const rows = (chart) => [chart.at, ...chart.series.map((one) => one.values)];

    function draw(chart) {
      const place = document.querySelector(`.chart[data-panel="${chart.panel}"]`);
      if (!place) return;
      charts.get(chart.panel)?.plot?.destroy();
      place.replaceChildren();
      const kept = { chart, plot: null };
      charts.set(chart.panel, kept);
      if (!chart.series.length) {
        const empty = document.createElement("p");
        empty.className = "empty"; empty.textContent = "Nothing was recorded in this time.";
        return place.append(empty);
      }
      kept.plot = new uPlot(options(chart, place.clientWidth), rows(chart), place);
      newest(kept.plot);
      const canvas = place.querySelector("canvas"), over = place.querySelector(".u-over");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `${place.dataset.title} over time; the table below has the same figures`);
      over.tabIndex = 0; over.setAttribute("role", "application");
      over.setAttribute("aria-label", `${place.dataset.title}: arrow keys move the crosshair`);
      over.addEventListener("keydown", (event) => cross(kept.plot, event));
      table(kept);
    }

    function cross(plot, event) {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const last = plot.data[0].length - 1, at = Math.min(last, Math.max(0, (plot.cursor.idx ?? last) + step));
      plot.setCursor({ left: plot.valToPos(plot.data[0][at], "x"), top: 40 });
    }

    // The last points in words, for those who do not see the chart.
    function table({ chart }) {
      const details = document.querySelector(`#${chart.panel} .over-time`);
      if (!details.open) return;
      const cell = (tag, value) => { const e = document.createElement(tag); e.textContent = value; return e; };
      const result = document.createElement("table"), head = result.createTHead().insertRow(), rest = result.createTBody();
      for (const name of ["Time", ...chart.series.map((one) => one.name)]) { const th = cell("th", name); th.scope = "col"; head.append(th); }
      for (let i = chart.at.length - 1; i >= Math.max(0, chart.at.length - 30); i--) {
        const row = rest.insertRow();
        row.append(cell("td", moment(chart.at[i], [0, 19])));
        for (const one of chart.series) row.append(cell("td", shown(chart.unit, one.values[i])));
      }
      details.querySelector(".scroll").replaceChildren(result);
    }
    for (const details of document.querySelectorAll(".over-time")) {
      details.addEventListener("toggle", () => { const kept = charts.get(details.closest(".panel").id); if (kept) table(kept); });
    }

    async function load() {
      if (loading) return;
      loading = true;
      try {
        const answer = await fetch(body.dataset.charts);
        if (!answer.ok) throw new Error(String(answer.status));
        const all = await answer.json();
        first = Math.min(...all.flatMap((chart) => chart.at.slice(0, 1)));
        all.forEach(draw);
        loaded = Date.now();
      } catch { /* the next reading tries again */ } finally { loading = false; }
    }

    // A reading's figures at the end of the charts; whatever does not fit makes all be read anew.
    function append(seconds, points, gone) {
      if (!loaded || span > 3600) { if (Date.now() - loaded > Math.max(10000, span * 1000 / 360)) load(); return; }
      for (const { chart, plot } of charts.values()) {
        const news = points[chart.panel] || {}, names = chart.series.map((one) => one.name);
        if (!plot ? Object.keys(news).length : Object.keys(news).some((name) => !names.includes(name))) return load();
        if (!plot || seconds <= chart.at[chart.at.length - 1]) continue;
        // A time without a reading is a gap, not a line across it.
        const last = chart.at[chart.at.length - 1];
        if (seconds - last > patience) { chart.at.push(last + patience / 2); for (const one of chart.series) one.values.push(null); }
        chart.at.push(seconds);
        for (const one of chart.series) one.values.push(news[one.name] ?? null);
        while (chart.at.length && chart.at[0] < seconds - span) { chart.at.shift(); for (const one of chart.series) one.values.shift(); }
        if (chart.panel === "replication") for (const name of gone) {
          const open = chart.bands.find((band) => band.name === name && band.to >= seconds - patience);
          if (open) open.to = seconds; else chart.bands.push({ from: seconds, to: seconds, name });
        }
        plot.setData(rows(chart));
        table({ chart });
      }
    }

    function tick() {
      if (!at) return;
      const age = Math.max(0, Math.round((now() - at) / 1000)), old = age > patience;
      text("age", `read ${shown("seconds", age)} ago`);
      document.getElementById("stale").hidden = !old;
      body.classList.toggle("old", old);
      if (old && source && isDead()) listen();
      if (old) {
        text("stale", `No reading for ${shown("seconds", age)}: what is shown is old.`);
        document.title = document.title.replace(/: (ok|warning) – pgsre$/, ": stale – pgsre");
        for (const panel of document.querySelectorAll(".panel.ok, .panel.warning")) {
          panel.classList.remove("ok", "warning"); panel.classList.add("stale");
          const pill = panel.querySelector(".pill"); pill.className = "pill stale"; pill.textContent = "stale";
        }
        const verdict = document.querySelector(".verdict.ok, .verdict.warning");
        if (verdict) { verdict.className = "verdict stale"; verdict.querySelector("strong").textContent = "stale"; }
      }
    }

    // A line that is dead without a word is an open one to the browser, and so are those that it keeps for later: it
    // has up to six to a host, and tries them again one after the other.
    let source = null, listened = 0, tries = 0;

    function isDead() {
      const quiet = Date.now() - Math.max(listened, at - skew + patience * 1000);
      return quiet > (source.readyState === EventSource.OPEN ? 10000 : tries <= 6 ? 5000 : 30000);
    }

    function listen() {
      source?.close();
      listened = Date.now();
      tries += 1;
      let again = loaded > 0;
      source = new EventSource(body.dataset.live);
      source.addEventListener("reading", (event) => {
        const news = JSON.parse(event.data);
        skew = news.now - Date.now(); at = news.at;
        take(news.html);
        document.title = news.title;
        append(news.at / 1000, news.points, news.gone);
        tick();
      });
      source.addEventListener("reset", () => load());
      source.addEventListener("open", () => {
        text("connection", "");
        tries = 0;
        // A new one does not say what was seen last: nobody tells it of a hole.
        if (again) load();
        again = false;
      });
      source.addEventListener("error", () => {
        text("connection", "connection lost; trying again");
        // Refused, not broken: the browser does not try again by itself.
        if (source.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
      });
    }

    load(); listen(); tick();
    setInterval(tick, 1000);
    let width = innerWidth;
    addEventListener("resize", () => {
      if (innerWidth === width) return;
      width = innerWidth;
      for (const { chart } of [...charts.values()]) draw(chart);
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { for (const { chart } of [...charts.values()]) draw(chart); });
  }
})();
