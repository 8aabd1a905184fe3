// The dossier as one HTML page: no script, nothing from elsewhere, every value escaped.
import type { Answer, Dossier, Item, LogExtract, Proof } from "./shapes.ts";
import { style } from "./style.ts";
import { proofRows, signing, statuses } from "./words.ts";

/** Text that is HTML already. */
class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Records that the page shows. */
type Linked = ReadonlySet<number>;

type Part = string | number | Html | readonly Html[];

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Control characters, lone surrogates and those that turn the direction of text are shown by their code. */
function escaped(text: string): string {
  const visible = text.replace(/[\p{Cc}\p{Cs}\p{Bidi_Control}]/gu, (one) =>
    /[\t\n\r]/.test(one) ? one : `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return visible.replace(/[&<>"']/g, (one) => escapes[one] as string);
}

/** HTML of a template: what is put in is escaped unless it is HTML. */
function h(parts: TemplateStringsArray, ...values: readonly Part[]): Html {
  const inner = (value: Part): string => {
    if (value instanceof Html) return value.text;
    return Array.isArray(value) ? value.map(({ text }) => text).join("") : escaped(String(value));
  };
  return new Html(parts.map((part, index) => (index === 0 ? part : inner(values[index - 1] as Part) + part)).join(""));
}

const anchorOf = (id: string) => `item-${id.replaceAll(".", "-")}`;

/** Writes the page. SPEC D7, D8. */
export function toHtml(dossier: Dossier): string {
  const { model, items, log } = dossier;
  const linked: Linked = new Set(log?.records.map(({ index }) => index));
  const parts = [...new Set(items.map(({ part }) => part))];
  const of = (part: string) => items.filter((item) => item.part === part);
  const page = h`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="color-scheme" content="light dark">
<title>Technical documentation: ${model.name}</title>
<style>${new Html(style)}</style>
</head>
<body>
<a class="skip" href="#main">To the content</a>
<header>
<p class="law">${dossier.law}, Annex IV and Article 12</p>
<h1>${model.name}</h1>
${summary(dossier)}
</header>
<nav aria-labelledby="contents"><h2 id="contents">Contents</h2><ol>
<li><a href="#gaps">Gaps</a></li>
${parts.map((part, index) => h`<li><a href="#part-${index + 1}">${part}</a><ul>${of(part).map((item) => h`<li><a href="#${anchorOf(item.id)}">${item.law}: ${item.title}</a> ${badge(item)}</li>`)}</ul></li>`)}
<li><a href="#log">Extract of the log</a></li>
<li><a href="#check">How to check it</a></li>
</ol></nav>
<main id="main">
${gapList(items)}
${parts.map((part, index) => h`<section aria-labelledby="part-${index + 1}"><h2 id="part-${index + 1}">${part}</h2>${of(part).map((item) => itemOf(item, linked))}</section>`)}
${logOf(log)}
${checking(dossier)}
</main>
</body>
</html>
`;
  return page.text;
}

function summary({ model, counts, madeAt, chainId, contract }: Dossier): Html {
  return h`<dl class="facts">
<div><dt>Model</dt><dd>asset ${model.asset}</dd></div>
<div><dt>Publisher</dt><dd><code>${model.publisher}</code></dd></div>
<div><dt>Content</dt><dd><code>${model.root}</code></dd></div>
<div><dt>Statement</dt><dd><code>${model.statement}</code></dd></div>
<div><dt>Chain</dt><dd>${chainId}, contract <code>${contract}</code></dd></div>
<div><dt>Written</dt><dd><time datetime="${madeAt}">${madeAt}</time></dd></div>
</dl>
<p class="counts"><strong>${counts.answered}</strong> items answered, <strong>${counts.partial}</strong> in part, <strong>${counts.gap}</strong> not at all; <strong>${counts.gaps}</strong> gaps. Everything here is quoted from records or follows from how Assay works; nothing was filled in. Whether it suffices is for people to judge.</p>`;
}

function badge({ status }: Item): Html {
  return h`<span class="status ${status}">${statuses[status]}</span>`;
}

function gapList(items: readonly Item[]): Html {
  const having = items.filter(({ gaps }) => gaps.length > 0);
  return h`<section aria-labelledby="gaps"><h2 id="gaps">Gaps</h2>
${having.length === 0 ? h`<p>None.</p>` : h`<ul>${having.map((item) => h`<li><a href="#${anchorOf(item.id)}">${item.law}: ${item.title}</a>: ${item.gaps.map(({ missing }) => missing).join(" ")}</li>`)}</ul>`}
</section>`;
}

function itemOf(item: Item, linked: Linked): Html {
  const id = anchorOf(item.id);
  return h`<article aria-labelledby="${id}"><h3 id="${id}"><span class="law">${item.law}</span> ${item.title} ${badge(item)}</h3>
<p class="asks">${item.asks}</p>
${item.answers.map((answer) => answerOf(item, answer, linked))}
${item.gaps.map(({ missing, close }) => h`<div class="missing"><p><strong>Gap.</strong> ${missing}</p><p>To close it: <code>${close}</code></p></div>`)}
</article>`;
}

function answerOf(item: Item, answer: Answer, linked: Linked): Html {
  const { basis, label, text, table, proofs } = answer;
  return h`<div class="answer"><h4>${label}</h4>
${basis === "system" ? h`<p class="basis">Follows from how Assay works, for every model.</p>` : h``}
<p class="text">${text}</p>
${table ? tableOf(`${item.law}, ${item.title}: ${label}`, table) : h``}
${proofs.length > 0 ? h`<details><summary>Proof of: ${label}</summary>${proofs.map((proof) => proofOf(proof, linked))}</details>` : h``}
</div>`;
}

function tableOf(label: string, { head, rows }: NonNullable<Answer["table"]>): Html {
  return h`<div class="wide" role="region" aria-label="${label}" tabindex="0"><table><thead><tr>${head.map((cell) => h`<th scope="col">${cell}</th>`)}</tr></thead><tbody>${rows.map((row) => h`<tr>${row.map((cell, index) => (index === 0 ? h`<th scope="row">${cell}</th>` : h`<td>${cell}</td>`))}</tr>`)}</tbody></table></div>`;
}

function proofOf(proof: Proof, linked: Linked): Html {
  return h`<dl class="proof">${proofRows(proof).map(([name, value]) => h`<div><dt>${name}</dt><dd>${name === "Record of the log" && linked.has(Number(value)) ? h`<a href="#record-${value}">${value}</a>` : h`<code>${value}</code>`}</dd></div>`)}</dl>`;
}

function logOf(log: LogExtract | null): Html {
  if (log === null)
    return h`<section aria-labelledby="log"><h2 id="log">Extract of the log</h2><p>This node keeps no log.</p></section>`;
  return h`<section aria-labelledby="log"><h2 id="log">Extract of the log</h2>
<dl class="facts"><div><dt>Log</dt><dd>${log.origin}</dd></div><div><dt>Head</dt><dd>${log.size} records, root <code>${log.root}</code></dd></div>
<div><dt>Witnesses</dt><dd>${log.witnesses.join(", ") || "none signed this head"}</dd></div>
<div><dt>Anchor</dt><dd>${log.anchor ? h`head of ${log.anchor.size} records, block ${log.anchor.block} of chain ${log.anchor.chainId}` : h`none`}</dd></div></dl>
<details><summary>Signed head</summary><pre>${log.note}</pre></details>
${log.records.length === 0 ? h`<p>No record is about this model.</p>` : h``}
${log.records.map(
  (
    one,
  ) => h`<article class="record" aria-labelledby="record-${one.index}"><h3 id="record-${one.index}">Record ${one.index}: ${one.kind}</h3>
<p class="text">${one.says}</p>
<dl class="proof"><div><dt>About</dt><dd>${one.about}</dd></div><div><dt>Signed</dt><dd>${one.signed.map(signing).join(", ") || "unsigned"}</dd></div><div><dt>Leaf</dt><dd><code>${one.leaf}</code></dd></div><div><dt>Proof</dt><dd>${one.inclusion.length} hashes to the head's root, in the JSON</dd></div><div><dt>Check it</dt><dd><code>${one.command}</code></dd></div></dl></article>`,
)}
</section>`;
}

function checking({ model }: Dossier): Html {
  return h`<section aria-labelledby="check"><h2 id="check">How to check it</h2>
<p>Each answer names its proof and the command that checks it. The model with all that it stands on, at once:</p>
<pre>assay assets receipt asset:${model.asset} --out receipt.json
assay verify receipt.json</pre>
<p>Signatures of log records are checked where the key is a wallet or this node's own; others are named as the records carry them. <code>assay log verify</code> checks that a record stands in the log.</p></section>`;
}
