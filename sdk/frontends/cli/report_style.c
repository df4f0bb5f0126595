/* How the page of `report` looks. */
#include "frontends/cli/report_html.h"

#include <stddef.h>

const char *const report_style[] = {
    ":root{--page:#f7f7f5;--card:#fff;--ink:#1c1e21;--soft:#646a73;--line:#e3e3df;"
    "--good:#2f7d5b;--bad:#b3372f;--wait:#9a6b15;--good-soft:#e4f1ea;--bad-soft:#f9e7e5;"
    "--wait-soft:#f7eed9;color-scheme:light dark}\n",
    "@media(prefers-color-scheme:dark){:root{--page:#15171a;--card:#1d2024;--ink:#e6e7e9;"
    "--soft:#9aa1ab;--line:#2e3238;--good:#6cc199;--bad:#f0857b;--wait:#d9ab55;"
    "--good-soft:#1c3229;--bad-soft:#3a2220;--wait-soft:#352b17}}\n",
    "*{box-sizing:border-box}\n",
    "body{margin:0 auto;padding:2.5rem 1.25rem 3rem;max-width:72rem;background:var(--page);"
    "color:var(--ink);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}\n",
    "h1{margin:0;font-size:1.6rem;font-weight:650;letter-spacing:-.01em}\n",
    "h2{margin:2.5rem 0 .9rem;font-size:1.1rem;font-weight:650}\n",
    "h3{margin:0;font-size:1rem;font-weight:650}\n",
    "p{margin:.3rem 0}.soft,footer{color:var(--soft);font-size:.875rem}\n",
    "a{color:inherit}footer{margin-top:3rem}\n",
    ".tally{display:flex;flex-wrap:wrap;gap:.5rem 2rem;margin:1.5rem 0 0;padding:0;"
    "list-style:none}.tally b{font-size:1.5rem;font-weight:650;margin-right:.4rem}\n",
    ".cards{display:grid;gap:1rem;"
    "grid-template-columns:repeat(auto-fill,minmax(min(21rem,100%),1fr))}\n",
    "article{padding:1.1rem 1.25rem;background:var(--card);border:1px solid var(--line);"
    "border-radius:.6rem}\n",
    "header.row{display:flex;justify-content:space-between;align-items:baseline;gap:1rem}\n",
    ".state{padding:.05rem .6rem;border-radius:1rem;font-size:.8rem;font-weight:600;"
    "white-space:nowrap}\n",
    ".done{color:var(--good);background:var(--good-soft)}"
    ".failed{color:var(--bad);background:var(--bad-soft)}"
    ".running{color:var(--wait);background:var(--wait-soft)}\n",
    "dl{display:grid;grid-template-columns:repeat(3,1fr);gap:.7rem 1rem;margin:1rem 0 0}"
    "dl div{display:flex;flex-direction:column-reverse;justify-content:flex-end}"
    "dt{color:var(--soft);font-size:.78rem}dd{margin:0;font-variant-numeric:tabular-nums}\n",
    ".note{margin:1rem 0 0;padding:.6rem .8rem;border-radius:.4rem;font-size:.875rem}"
    ".note.failed,.note.running{color:var(--ink)}.note b{display:block}\n",
    "figure{margin:1.1rem 0 0}figcaption{color:var(--soft);font-size:.78rem}\n",
    "svg{display:block;width:100%;height:3rem;margin-bottom:.3rem}"
    "rect{background:none}rect.done{fill:var(--good)}rect.failed{fill:var(--bad)}"
    "rect.running{fill:var(--wait)}\n",
    ".columns{margin:.9rem 0 0;padding:0;list-style:none;columns:15rem;column-gap:2rem;"
    "font-size:.875rem}.columns li{display:flex;justify-content:space-between;gap:1rem;"
    "padding:.2rem 0;border-bottom:1px solid var(--line);break-inside:avoid}"
    ".columns span{color:var(--soft);white-space:nowrap}\n",
    ".tables article{margin-bottom:1rem}\n",
    "@media print{:root{--page:#fff;--card:#fff;--ink:#000;--soft:#555;--line:#ccc;"
    "--good:#2f7d5b;--bad:#b3372f;--wait:#9a6b15;--good-soft:#fff;--bad-soft:#fff;"
    "--wait-soft:#fff;color-scheme:light}body{padding:0;max-width:none;font-size:11pt}"
    "article{break-inside:avoid}.state,.note{border:1px solid currentColor}"
    "svg{print-color-adjust:exact}}\n",
    NULL,
};
