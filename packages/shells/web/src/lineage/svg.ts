import type { Trace } from "../reads.ts";
import { short } from "../format.ts";
import { t } from "../strings.ts";
import { NODE_HEIGHT, NODE_WIDTH, type Places } from "./layout.ts";

const entities = (text: string) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const INK: Record<string, string> = {
  data: "#0b5f86",
  derived: "#0b5f86",
  run: "#5b3fb0",
  model: "#5b3fb0",
  decision: "#5b3fb0",
  policy: "#8a5600",
  payout: "#8a5600",
  dispute: "#b3261e",
};

/** The lineage as a stand-alone SVG file, in print colours. */
export function toSvg(trace: Trace, places: Places): string {
  const at = (id: string) => places.nodes.get(id) ?? { x: 0, y: 0 };
  const edges = [...places.routes.values()].map(
    (d) => `<path d="${d}" fill="none" stroke="#6b7c78" stroke-width="1.5"/>`,
  );
  const nodes = trace.nodes.map((n) => {
    const { x, y } = at(n.id);
    const ink = INK[n.kind] ?? "#33413e";
    const dash = n.finality === "final" ? "" : ' stroke-dasharray="5 4"';
    return [
      `<g transform="translate(${x} ${y})"><title>${entities(n.hash ?? n.id)}</title>`,
      `<rect width="${NODE_WIDTH}" height="${NODE_HEIGHT}" rx="3" fill="#fff" stroke="${ink}" stroke-width="1.5"${dash}/>`,
      `<text x="12" y="20" font-size="11" fill="${ink}">${entities(t.lineage.kinds[n.kind] ?? n.kind)} · ${t.finality[n.finality]}</text>`,
      `<text x="12" y="42" font-size="14" font-weight="600" fill="#10211e">${entities(n.label.slice(0, 28))}</text>`,
      `<text x="12" y="61" font-size="11" font-family="monospace" fill="#566561">${entities(short(n.hash ?? n.ref ?? n.id, 10, 6))}</text></g>`,
    ].join("");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-20 -20 ${places.width + 40} ${places.height + 40}" font-family="sans-serif">${edges.join("")}${nodes.join("")}</svg>\n`;
}
