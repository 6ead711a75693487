"use strict";
// Everything is drawn without this: it adds pointing, hiding, logarithmic or linear, and zooming.
(() => {
  const root = document.documentElement;
  root.classList.add("live");
  const numbers = (text) => text.split(" ").map(Number);
  const places = (d) => [...d.matchAll(/([ML])(-?[\d.]+) (-?[\d.]+)/g)].map((m) => [m[1], +m[2], +m[3]]);
  const along = ([low, high, log], value) =>
    log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  const value = ([low, high, log], share) =>
    log ? low * (high / low) ** share : low + share * (high - low);
  const short = (v) => (v === 0 ? "0" : String(+v.toPrecision(3)));

  // A click on a name hides its variant everywhere.
  for (const name of document.querySelectorAll("[data-toggle]")) {
    name.addEventListener("click", () => root.classList.toggle("h" + name.dataset.toggle));
  }

  const charts = [...document.querySelectorAll("svg.chart[data-x]")].map((svg) => {
    const [left, top, right, bottom] = numbers(svg.dataset.box);
    const chart = { svg, left, top, right, bottom, x: numbers(svg.dataset.x), y: numbers(svg.dataset.y) };
    chart.first = { x: chart.x, y: chart.y };
    chart.ticks = JSON.parse(svg.dataset.ticks);
    const back = (px, py) => [
      value(chart.x, (px - left) / (right - left)),
      value(chart.y, (bottom - py) / (bottom - top)),
    ];
    chart.series = [...svg.querySelectorAll("g[data-v]")].map((group) => {
      const path = group.querySelector("path.line");
      return {
        group, path, index: group.dataset.v, name: group.querySelector("title")?.textContent ?? "",
        points: path ? places(path.getAttribute("d")).map(([how, px, py]) => [how, ...back(px, py)]) : [],
        marks: [...group.querySelectorAll(".m")].map((mark) => {
          const [px, py] = numbers(mark.getAttribute("transform").slice(10, -1));
          return [mark, ...back(px, py)];
        }),
      };
    });
    return chart;
  });

  const line = (d) => `<path class="grid" d="${d}"/>`;
  const label = (text, x, y, anchor) => `<text x="${x}" y="${y}" text-anchor="${anchor}">${text}</text>`;
  const round = (low, high, log, most) => {
    const found = [];
    if (log) {
      for (let e = Math.floor(Math.log10(low)); 10 ** e <= high; e++) {
        for (const m of [1, 2, 5]) if (m * 10 ** e >= low && m * 10 ** e <= high) found.push(m * 10 ** e);
      }
      if (found.length > 1) return found.filter((_, i) => i % Math.ceil(found.length / most) === 0);
      found.length = 0;
    }
    const raw = (high - low) / most, power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= raw);
    for (let v = Math.ceil(low / step) * step; v <= high * (1 + 1e-9); v += step) found.push(+v.toPrecision(12));
    return found;
  };

  const draw = (chart) => {
    const { svg, left, top, right, bottom, x, y } = chart;
    const px = (v) => left + along(x, v) * (right - left);
    const py = (v) => bottom - along(y, Math.max(v, y[0])) * (bottom - top);
    for (const series of chart.series) {
      let pen = "", d = "";
      for (const [how, vx, vy] of series.points) {
        const inside = vx >= x[0] && vx <= x[1];
        if (inside) d += `${how === "M" || pen !== "L" ? "M" : "L"}${px(vx).toFixed(1)} ${py(vy).toFixed(1)}`;
        pen = inside ? "L" : "";
      }
      series.path?.setAttribute("d", d);
      for (const [mark, vx, vy] of series.marks) {
        mark.setAttribute("transform", `translate(${px(vx).toFixed(1)} ${py(vy).toFixed(1)})`);
        mark.style.display = vx >= x[0] && vx <= x[1] ? "" : "none";
      }
    }
    for (const flag of svg.querySelectorAll("g.flag")) {
      const at = +flag.dataset.at;
      flag.setAttribute("transform", `translate(${px(at).toFixed(1)} 0)`);
      flag.style.display = at >= x[0] && at <= x[1] ? "" : "none";
    }
    const zoomed = x !== chart.first.x;
    const ticks = zoomed ? round(x[0], x[1], x[2], 9).map((v) => [v, short(v)]) : chart.ticks;
    svg.querySelector("g.x").innerHTML = ticks
      .map(([v, t]) => line(`M${px(v)} ${top}V${bottom}`) + label(t, px(v), bottom + 15, "middle")).join("");
    svg.querySelector("g.y").innerHTML = round(y[0], y[1], y[2], 7)
      .map((v) => line(`M${left} ${py(v)}H${right}`) + label(short(v), left - 6, py(v) + 4, "end")).join("");
  };

  for (const chart of charts) {
    const values = chart.series.flatMap((s) => s.points.map((p) => p[2])).filter((v) => v > 0);
    if (!values.length) continue;
    const high = Math.max(...values), low = Math.min(...values);
    const tools = document.createElement("span"), button = document.createElement("button");
    tools.className = "tools";
    const say = () => { button.textContent = chart.y[2] ? "linear" : "log"; };
    button.addEventListener("click", () => {
      chart.y = chart.y[2] ? [0, high * 1.05, 0] : [low * 0.9, high * 1.1, 1];
      draw(chart);
      say();
    });
    say();
    tools.append(button);
    chart.svg.parentElement.append(tools);
  }

  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  document.body.append(tip);
  const place = (chart, event) => {
    const box = chart.svg.getBoundingClientRect(), view = chart.svg.viewBox.baseVal;
    return ((event.clientX - box.left) / box.width) * view.width;
  };
  for (const chart of charts) {
    let from = null, brush = null;
    chart.svg.addEventListener("pointermove", (event) => {
      const at = value(chart.x, (place(chart, event) - chart.left) / (chart.right - chart.left));
      const lines = [];
      for (const series of chart.series) {
        if (root.classList.contains("h" + series.index) || !series.points.length) continue;
        const near = series.points.reduce((a, b) => (Math.abs(b[1] - at) < Math.abs(a[1] - at) ? b : a));
        lines.push([near[2], `${series.name}: ${short(near[2])}`]);
      }
      tip.textContent = "";
      for (const [, text] of lines.sort((a, b) => b[0] - a[0]).slice(0, 14)) {
        const row = document.createElement("div");
        row.textContent = text;
        tip.append(row);
      }
      tip.hidden = !lines.length;
      tip.style.left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8) + "px";
      tip.style.top = Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8) + "px";
      if (brush) {
        const to = place(chart, event);
        brush.setAttribute("x", Math.min(from, to));
        brush.setAttribute("width", Math.abs(to - from));
      }
    });
    chart.svg.addEventListener("pointerleave", () => { tip.hidden = true; });
    if (chart.svg.dataset.kind !== "time") continue;
    // Drag over a stretch of the run to see it alone in all charts over time; double click: all.
    const zoom = (x) => charts.filter((c) => c.svg.dataset.kind === "time").forEach((c) => {
      c.x = x ?? c.first.x;
      draw(c);
    });
    chart.svg.addEventListener("pointerdown", (event) => {
      from = place(chart, event);
      chart.svg.setPointerCapture(event.pointerId);
      brush = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      brush.setAttribute("class", "brush");
      brush.setAttribute("y", chart.top);
      brush.setAttribute("height", chart.bottom - chart.top);
      chart.svg.append(brush);
    });
    chart.svg.addEventListener("pointerup", (event) => {
      const to = place(chart, event);
      brush?.remove();
      brush = null;
      if (from === null || Math.abs(to - from) < 8) return;
      const ends = [from, to].sort((a, b) => a - b)
        .map((p) => value(chart.x, Math.min(1, Math.max(0, (p - chart.left) / (chart.right - chart.left)))));
      zoom([...ends, 0]);
    });
    chart.svg.addEventListener("dblclick", () => zoom(null));
  }
})();
