/** Style of the page: light and dark, narrow screens, paper. */
export const style = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--paper:#fff;--line:#d0d7de;--tint:#f6f8fa;--link:#0550ae;--good:#116329;--part:#7d4e00;--gap:#a40e26}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9da7b1;--paper:#0d1117;--line:#30363d;--tint:#161b22;--link:#79c0ff;--good:#56d364;--part:#e3b341;--gap:#ff8e88}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:56rem;padding:1.5rem 1rem 4rem;background:var(--paper);color:var(--ink);font:1rem/1.55 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.9rem;line-height:1.2;margin:.2rem 0 1rem}h2{font-size:1.35rem;margin:2.5rem 0 .8rem;padding-bottom:.3rem;border-bottom:1px solid var(--line)}
h3{font-size:1.08rem;margin:1.8rem 0 .3rem}h4{font-size:1rem;margin:1rem 0 .2rem}
a{color:var(--link)}p{margin:.4rem 0}code,pre{font:0.85em/1.5 ui-monospace,monospace}
pre{background:var(--tint);padding:.7rem;white-space:pre-wrap}.text{white-space:pre-wrap}
.skip{position:absolute;left:-999rem}.skip:focus{position:static}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.law,.asks,.basis{color:var(--soft)}.law{font-weight:400}
nav ol,nav ul{padding-left:1.2rem;margin:.2rem 0}
.status{font-size:.78rem;font-weight:600;border:1px solid currentColor;border-radius:1rem;padding:0 .5rem;white-space:nowrap}
.answered{color:var(--good)}.partial{color:var(--part)}.gap{color:var(--gap)}
.missing{border-left:4px solid var(--gap);background:var(--tint);padding:.4rem .8rem;margin:.7rem 0}
.answer{margin:.6rem 0}.wide{overflow-x:auto;margin:.4rem 0}
table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{border:1px solid var(--line);padding:.25rem .5rem;text-align:left;vertical-align:top;min-width:5rem;font-weight:400}thead th{background:var(--tint);font-weight:600}
details{margin:.4rem 0}summary{cursor:pointer;color:var(--link);font-size:.9rem}
dl{margin:.4rem 0}dl div{display:grid;grid-template-columns:9rem 1fr;gap:.5rem;padding:.15rem 0}dt{color:var(--soft)}dd{margin:0}
.record{border-top:1px solid var(--line)}
@media(max-width:34rem){dl div{grid-template-columns:1fr;gap:0}h1{font-size:1.5rem}}
@media print{:root{color-scheme:light;--ink:#000;--soft:#333;--paper:#fff;--line:#999;--tint:#fff;--link:#000;--good:#000;--part:#000;--gap:#000}body{max-width:none;padding:0;font-size:10pt}.skip{display:none}h2,h3,h4{break-after:avoid}.missing,tr{break-inside:avoid}.wide{overflow:visible}details::details-content{content-visibility:visible;height:auto;block-size:auto}a{text-decoration:none}nav{break-after:page}@page{margin:18mm}}
`;
