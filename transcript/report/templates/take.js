"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const lines = new Map([...document.querySelectorAll(".line")].map((line) => [line.id.slice(1), line]));
  const panels = [...document.querySelectorAll("svg.panel")].map((svg) => {
    const points = [...svg.querySelectorAll("a.point")];
    return { svg, points, x: points.map((point) => parseFloat(point.lastElementChild.getAttribute("cx"))) };
  });
  const points = new Map(panels.flatMap((panel) => panel.points.map((point) => [point.id.slice(1), point])));
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const read = $("read");
  const script = $("script");
  const long = script.matches(".long");
  let picked = null;
  let near = null;

  for (const link of document.querySelectorAll("a.point, a.band")) {
    const title = link.querySelector("title"); // its own bubble would lie over the reading below the curves
    link.setAttribute("aria-label", title.textContent);
    if (link.matches(".point")) title.remove();
  }

  function tell(n) {
    if (!read) return;
    const line = lines.get(n);
    const [which, what, how] = read.children;
    const name = line?.querySelector(".name");
    which.textContent = line ? `${n} ${name ? name.textContent.trim() : ""}` : "";
    what.textContent = line ? [...line.querySelectorAll(".said > p")].map((p) => p.innerText).join(" ") : read.dataset.empty;
    how.textContent = points.get(n)?.getAttribute("aria-label").match(/\(([^()]*)\)$/)?.[1] ?? "";
  }

  function point(n) {
    near?.classList.remove("near");
    near = points.get(n) ?? null;
    near?.classList.add("near");
    tell(n ?? picked);
  }

  function pick(n) {
    for (const old of document.querySelectorAll(".on")) {
      old.classList.remove("on");
      old.removeAttribute("aria-current");
    }
    picked = n;
    for (const found of [lines.get(n), points.get(n)]) found?.classList.add("on");
    lines.get(n)?.setAttribute("aria-current", "true");
    tell(n);
    const spot = points.get(n);
    const sheet = spot?.closest(".sheet");
    if (sheet && sheet.scrollWidth > sheet.clientWidth) {
      const from = spot.getBoundingClientRect().left - sheet.getBoundingClientRect().left;
      if (from < 20 || from > sheet.clientWidth - 20) sheet.scrollLeft += from - sheet.clientWidth / 2;
    }
  }

  function go(n) {
    const line = lines.get(n);
    if (!line) return;
    history.replaceState(null, "", `#n${n}`);
    line.querySelector(".n").focus({ preventScroll: true }); // picks it
    line.scrollIntoView({ block: "center", behavior: calm.matches || long ? "auto" : "smooth" });
  }

  function nearest(panel, percent) {
    let best = 0;
    panel.x.forEach((x, i) => { if (Math.abs(x - percent) < Math.abs(panel.x[best] - percent)) best = i; });
    return panel.points[best];
  }

  function focus(target) {
    const panel = panels.find(({ points }) => points.includes(target));
    for (const other of panel.points) other.setAttribute("tabindex", other === target ? "0" : "-1");
    target.focus();
  }

  panels.forEach((panel, row) => {
    const { svg } = panel;
    if (!panel.points.length) return;
    const under = (event) => {
      const box = svg.getBoundingClientRect();
      return nearest(panel, ((event.clientX - box.left) / box.width) * 100).id.slice(1);
    };
    svg.addEventListener("pointermove", (event) => point(under(event)));
    svg.addEventListener("pointerleave", () => point(null));
    svg.addEventListener("click", (event) => {
      event.preventDefault();
      const link = event.target.closest("a.point"); // Enter on a link clicks it without a place
      go(event.detail === 0 && link ? link.id.slice(1) : under(event));
    });
    svg.addEventListener("focusin", (event) => point(event.target.id.slice(1)));
    svg.addEventListener("focusout", () => point(null));
    svg.addEventListener("keydown", (event) => {
      const here = panel.points.indexOf(event.target);
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const side = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const end = { Home: 0, End: panel.points.length - 1 }[event.key];
      const other = side && panels[row + side];
      const target = step ? panel.points[here + step] : side ? other && nearest(other, panel.x[here]) : panel.points[end];
      if (here < 0 || !(step || side || end !== undefined)) return;
      event.preventDefault();
      if (target) focus(target);
    });
  });

  for (const [n, line] of lines) {
    line.addEventListener("pointerenter", () => point(n));
    line.addEventListener("pointerleave", () => point(null));
    line.addEventListener("click", (event) => { if (!event.target.closest("a:not(.n), summary, details")) pick(n); });
    line.addEventListener("focusin", () => pick(n));
    line.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !points.has(n)) return;
      focus(points.get(n));
      points.get(n).scrollIntoView({ block: "nearest" });
    });
  }
  script.addEventListener("click", (event) => {
    const up = event.target.closest("a.up");
    if (!up) return;
    event.preventDefault();
    const spot = points.get(up.hash.slice(2));
    spot.scrollIntoView({ block: "center" });
    focus(spot);
  });
  script.addEventListener("toggle", (event) => {
    const kept = event.target.querySelector("noscript"); // notes of a long take become elements when they are opened
    if (kept) kept.outerHTML = kept.textContent;
  }, true);

  if (read) read.dataset.empty = read.children[1].textContent;
  if (/^#n\d+$/.test(location.hash)) pick(location.hash.slice(2));

  const save = $("save");
  save.hidden = false;
  save.addEventListener("click", () => {
    const text = JSON.stringify(JSON.parse($("transcript").textContent), null, 1) + "\n";
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = "transcript.json";
    link.click();
    URL.revokeObjectURL(link.href);
  });
})();
