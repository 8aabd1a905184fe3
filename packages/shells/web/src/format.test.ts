import { describe, expect, it } from "vitest";
import { amount, csv, seasonName, short, span, wad } from "./format.ts";
import { href, parseRoute } from "./route.ts";

describe("format", () => {
  it("rounds amounts to the shown digits, half away from zero, without losing large ones", () => {
    expect(wad("1005000000000000000")).toBe("1.01");
    expect(wad("-1005000000000000000")).toBe("−1.01");
    expect(wad("123456789012345678901234567890", 0)).toBe("123\u202f456\u202f789\u202f012".replaceAll("\u202f", " "));
    expect(wad("1", 18)).toBe("0.000000000000000001");
    expect(wad(undefined)).toBe("–");
    expect(amount("453626409173011780000")).toBe("453.62");
    expect(amount("-1005000000000000000")).toBe("−1.00");
  });

  it("quotes fields of a table and defuses formulas", () => {
    expect(csv([["a,b", 'say "no"', "=1+1", -5, undefined]])).toBe('"a,b","say ""no""",\'=1+1,-5,\r\n');
  });

  it("names seasons, spans and ids", () => {
    expect(seasonName("2015-04-01", "2015-06-29")).toBe("Apr–Jun 2015");
    expect(seasonName("2015-11-01", "2016-01-29")).toBe("Nov 2015–Jan 2016");
    expect(span(3725)).toBe("1 h 2 min");
    expect(span(-3)).toBe("0 s");
    expect(short("0x1234567890abcdef")).toBe("0x1234…cdef");
    expect(short("1000001")).toBe("1000001");
  });
});

describe("route", () => {
  it("reads back every link it makes", () => {
    const link = href("lineage", "payout:2/…?#", { view: "table" });
    const { page, id, query } = parseRoute(link);
    expect([page, id, query.get("view")]).toEqual(["lineage", "payout:2/…?#", "table"]);
    expect(parseRoute("").page).toBe("loop");
  });
});
