"""How ``OUT/index.html`` looks, and the little program in it that filters and sorts one page."""

import base64
import hashlib

__all__ = ["POLICY", "SCRIPT", "STYLE"]

STYLE = """
:root{color-scheme:light dark;--ink:#1d2733;--soft:#4f5d6b;--line:#d3dbe2;--paper:#ffffff;--wash:#f4f6f8;
--good:#17683a;--bad:#a4221b;--wait:#7a5200;--focus:#1f5f8b}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebf0;--soft:#a9b8c6;--line:#3a4855;--paper:#151b21;--wash:#1d252d;
--good:#6fd09a;--bad:#ff958c;--wait:#e6b84d;--focus:#8cc4ee}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:84rem;padding:2rem 1.25rem 4rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
h1{font-size:1.5rem;margin:0}p{margin:.25rem 0;color:var(--soft)}
.banner{margin:1rem 0;padding:.6rem .9rem;border-inline-start:4px solid var(--wait);background:var(--wash);
color:var(--ink)}
ul.counts{display:flex;flex-wrap:wrap;gap:.75rem;list-style:none;margin:1.25rem 0;padding:0}
ul.counts li{flex:1 1 8rem;padding:.7rem .9rem;background:var(--wash);border-radius:.5rem;color:var(--soft)}
ul.counts b{display:block;font-size:1.6rem;line-height:1.2;color:var(--ink);font-variant-numeric:tabular-nums}
form{display:flex;flex-wrap:wrap;gap:.75rem 1.5rem;align-items:end;margin:1.25rem 0;padding:.9rem;
background:var(--wash);border-radius:.5rem}
form[hidden]{display:none}
label{color:var(--ink)}form>label{flex:1 1 16rem}
form input[type=search]{display:block;width:100%;margin-top:.25rem;padding:.5rem .6rem;font:inherit;
color:inherit;background:var(--paper);border:1px solid var(--soft);border-radius:.3rem}
fieldset{border:0;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.25rem 1rem}
legend{padding:0;margin-bottom:.25rem}
fieldset label{min-height:2rem;display:flex;gap:.4rem;align-items:center}
fieldset input{width:1.1rem;height:1.1rem;accent-color:var(--focus)}
#shown{flex-basis:100%;margin:0}
table{width:100%;border-collapse:collapse;font-size:.93rem}
caption{text-align:start;font-size:1.1rem;font-weight:700;padding-block:.5rem}
th,td{padding:.5rem .75rem .5rem 0;border-bottom:1px solid var(--line);vertical-align:top;text-align:start}
thead th{color:var(--soft);font-weight:600}
th button{all:unset;cursor:pointer;color:inherit;text-decoration:underline dotted;text-underline-offset:.25em}
th button::after{content:"\\a0\\a0";white-space:pre}
th[aria-sort=ascending] button::after{content:" \\2191"}
th[aria-sort=descending] button::after{content:" \\2193"}
:focus-visible,th button:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
td.n,th.n{text-align:end;padding-inline-end:1.5rem;font-variant-numeric:tabular-nums}
td.p{width:5.5rem}td.p img{display:block;width:4.5rem;height:3.375rem;object-fit:cover;background:#000000;
border-radius:.2rem}
th.id{min-width:16rem;font-weight:400;font-family:ui-monospace,"Cascadia Mono",Consolas,monospace;
overflow-wrap:anywhere}
th.id span,td span{display:block;color:var(--soft)}
td.w{min-width:9rem}
td.look{min-width:14rem;overflow-wrap:anywhere}td.look b{font-variant-numeric:tabular-nums}
td.f a{margin-inline-end:.75rem}a{color:inherit;text-underline-offset:.15em}
.done,.rejected,.failed,.pending{font-weight:600}
.done{color:var(--good)}.rejected,.failed{color:var(--bad)}.pending{color:var(--wait)}
nav{margin:1rem 0}nav a{margin-inline-end:1rem}nav ol{columns:22rem;overflow-wrap:anywhere}
@media(max-width:50rem){
table,tbody,thead,caption{display:block}
thead{margin-bottom:.5rem}
thead tr{display:flex;flex-wrap:wrap;gap:.25rem 1rem}thead th{border:0;padding:0}
tbody tr{display:grid;grid-template-columns:5.5rem minmax(0,1fr) auto;column-gap:.75rem;padding-block:.5rem;
border-bottom:1px solid var(--line)}
tbody tr[hidden]{display:none}
tbody th,tbody td{border:0;padding-block:.1rem}
td.p{grid-row:span 4}
td.n{text-align:start;grid-column:3}
td.n:not(:empty)::after{content:" images"}td.look b::after{content:" to look at"}
th.id,td.look,td.w,td.f{grid-column:2/4;min-width:0}
}
@media print{form,nav{display:none}tr{break-inside:avoid}thead{display:table-header-group}}
""".strip()

#: Without it the whole table is there and readable; nothing is hidden that it would have to show.
SCRIPT = """
(function () {
  "use strict";
  var table = document.querySelector("table"), form = document.getElementById("tools");
  if (!table || !form) { return; }
  var body = table.tBodies[0], rows = Array.from(body.rows), shown = document.getElementById("shown");
  var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
  function filter() {
    var words = form.elements.words.value.toLowerCase().split(/\\s+/).filter(Boolean), count = 0, states = {};
    form.querySelectorAll("[name=status]").forEach(function (box) { states[box.value] = box.checked; });
    rows.forEach(function (row, n) {
      var all = words.every(function (word) { return texts[n].includes(word); });
      var good = all && states[row.dataset.status];
      row.hidden = !good;
      count += good ? 1 : 0;
    });
    shown.textContent = count + " of " + rows.length + " rows of this page are shown";
  }
  function sort(head) {
    var down = head.getAttribute("aria-sort") === "ascending", column = head.cellIndex;
    function value(row) { var cell = row.cells[column]; return cell.dataset.value || cell.textContent; }
    var order = new Intl.Collator("en", {numeric: true, sensitivity: "base"});
    var sorted = rows.slice().sort(function (a, b) { return order.compare(value(a), value(b)); });
    if (down) { sorted.reverse(); }
    table.querySelectorAll("[aria-sort]").forEach(function (other) { other.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    sorted.forEach(function (row) { body.appendChild(row); });
  }
  table.querySelectorAll("thead th[data-sort]").forEach(function (head) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.textContent = "";
    head.appendChild(button);
    button.addEventListener("click", function () { sort(head); });
  });
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  form.addEventListener("input", filter);
  form.hidden = false;
  filter();
}());
""".strip()

#: The browser runs this very program and no other, and loads nothing but pictures beside the page.
POLICY = (
    "default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'; script-src 'sha256-"
    + base64.b64encode(hashlib.sha256(f"\n{SCRIPT}\n".encode()).digest()).decode()
    + "'"
)
