// Puts interactive charts in the place of the pictures, and lets tables be sorted. The page is whole without it.
(function () {
  "use strict";
  delete document.head.appendChild; // what before_plotly.js put in its way
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  var light = { "@ink": "#22262b", "@faint": "#6b737c", "@grid": "#e4e7eb", "@paper": "#ffffff" };
  var night = { "@ink": "#e6e9ec", "@faint": "#a3acb5", "@grid": "#343a41", "@paper": "#1d2125" };

  function coloured(value, colours) {
    if (typeof value === "string") { return value.charAt(0) === "@" && colours[value] || value; }
    if (Array.isArray(value)) { return value.map(function (each) { return coloured(each, colours); }); }
    if (value && typeof value === "object") {
      var made = {};
      Object.keys(value).forEach(function (key) { made[key] = coloured(value[key], colours); });
      return made;
    }
    return value;
  }

  function draw(figure) {
    var data = document.getElementById(figure.id.replace("chart", "data"));
    var place = figure.querySelector(".live");
    if (!data || !place) { return; }
    var drawn = coloured(JSON.parse(data.textContent), dark.matches ? night : light);
    place.hidden = false;
    figure.classList.add("is-live");
    var options = { responsive: true, displaylogo: false, showTips: false };
    window.Plotly.react(place, drawn.data, drawn.layout, options).catch(function () {
      place.hidden = true;
      figure.classList.remove("is-live");
    });
  }

  function drawAll() {
    if (window.Plotly) { document.querySelectorAll("figure.chart").forEach(draw); }
  }

  function valueOf(row, column) {
    var cell = row.cells[column];
    if (!cell.classList.contains("number")) { return cell.textContent; }
    var value = cell.getAttribute("data-value");
    return value === "" || value === null ? NaN : Number(value);
  }

  function sort(table, column, heading) {
    var up = heading.getAttribute("aria-sort") !== "ascending";
    table.querySelectorAll("thead th").forEach(function (each) { each.removeAttribute("aria-sort"); });
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    var body = table.tBodies[0];
    var rows = Array.from(body.rows).map(function (row) { return [valueOf(row, column), row]; });
    rows.sort(function (one, other) {
      var a = one[0], b = other[0];
      if (typeof a === "string") { return (up ? 1 : -1) * a.localeCompare(b, "en", { numeric: true }); }
      if (isNaN(a) || isNaN(b)) { return (isNaN(a) ? 1 : 0) - (isNaN(b) ? 1 : 0); }
      return up ? a - b : b - a;
    });
    rows.forEach(function (pair) { body.appendChild(pair[1]); });
  }

  document.querySelectorAll("table").forEach(function (table) {
    if (table.tBodies[0].rows.length < 3) { return; }
    table.querySelectorAll("thead th").forEach(function (heading, column) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = heading.textContent;
      button.title = heading.title || "Sort by this column";
      heading.setAttribute("data-title", heading.textContent);
      heading.textContent = "";
      heading.appendChild(button);
      button.addEventListener("click", function () { sort(table, column, heading); });
    });
  });
  drawAll();
  dark.addEventListener("change", drawAll);
})();
