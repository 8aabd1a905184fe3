import type { Trace } from "../api.ts";
import { short } from "../format.ts";
import { t } from "../strings.ts";
import { NODE_HEIGHT, NODE_WIDTH, type Places } from "./layout.ts";

const escape = (text: string) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
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
export function toSvg(trace: Trace, places: Places, direction: "RIGHT" | "DOWN"): string {
  const at = (id: string) => places.get(id) ?? { x: 0, y: 0 };
  const width = Math.max(...trace.nodes.map((n) => at(n.id).x), 0) + NODE_WIDTH + 40;
  const height = Math.max(...trace.nodes.map((n) => at(n.id).y), 0) + NODE_HEIGHT + 40;
  const edges = trace.edges.map((e) => {
    const [a, b] = [at(e.from), at(e.to)];
    const [x1, y1, x2, y2] =
      direction === "RIGHT"
        ? [a.x + NODE_WIDTH, a.y + NODE_HEIGHT / 2, b.x, b.y + NODE_HEIGHT / 2]
        : [a.x + NODE_WIDTH / 2, a.y + NODE_HEIGHT, b.x + NODE_WIDTH / 2, b.y];
    const mid =
      direction === "RIGHT"
        ? `${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2}`
        : `${x1} ${(y1 + y2) / 2} ${x2} ${(y1 + y2) / 2}`;
    return `<path d="M${x1} ${y1}C${mid} ${x2} ${y2}" fill="none" stroke="#6b7c78" stroke-width="1.5"/>`;
  });
  const nodes = trace.nodes.map((n) => {
    const { x, y } = at(n.id);
    const ink = INK[n.kind] ?? "#33413e";
    const dash = n.finality === "final" ? "" : ' stroke-dasharray="5 4"';
    return [
      `<g transform="translate(${x} ${y})"><title>${escape(n.hash ?? n.id)}</title>`,
      `<rect width="${NODE_WIDTH}" height="${NODE_HEIGHT}" rx="3" fill="#fff" stroke="${ink}" stroke-width="1.5"${dash}/>`,
      `<text x="12" y="20" font-size="11" fill="${ink}">${escape(t.lineage.kinds[n.kind] ?? n.kind)} · ${t.finality[n.finality]}</text>`,
      `<text x="12" y="42" font-size="14" font-weight="600" fill="#10211e">${escape(n.label.slice(0, 28))}</text>`,
      `<text x="12" y="61" font-size="11" font-family="monospace" fill="#566561">${escape(short(n.hash ?? n.ref ?? n.id, 10, 6))}</text></g>`,
    ].join("");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-20 -20 ${width} ${height}" font-family="sans-serif">${edges.join("")}${nodes.join("")}</svg>\n`;
}
