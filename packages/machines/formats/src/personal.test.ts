import { describe, expect, test } from "vitest";
import { text } from "../test/samples.ts";
import * as check from "./checksums.ts";
import { profile } from "./profile.ts";
import { bytesSource } from "./source.ts";

const scan = async (name: string, cells: readonly string[]) => {
  const csv = text(`${name},other\n${cells.map((cell) => `"${cell}",1`).join("\n")}\n`);
  return profile(bytesSource(csv), { format: "csv" });
};

describe("check digits", () => {
  test.each([
    [
      "IBAN",
      check.isIban,
      ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"],
      ["DE88370400440532013000", "DE8937040044053201300"],
    ],
    ["card", check.isCard, ["4111 1111 1111 1111", "378282246310005"], ["4111111111111112", "1234567812345670"]],
    ["SSN", check.isUsSsn, ["123-45-6789"], ["000-45-6789", "666-45-6789", "123-00-6789"]],
    ["NINO", check.isUkNino, ["AB123456C"], ["BG123456C", "AB123456E"]],
    ["DNI", check.isSpanishId, ["12345678Z", "X1234567L"], ["12345678A", "X1234567M"]],
    ["codice fiscale", check.isItalianCode, ["RSSMRA85T10A562S"], ["RSSMRA85T10A562T"]],
    ["NIR", check.isFrenchNir, ["184127645108946"], ["184127645108947"]],
    ["tax id", check.isGermanTaxId, ["86095742719"], ["86095742718"]],
    ["BSN", check.isDutchBsn, ["111222333"], ["111222334"]],
    ["CPF", check.isBrazilianCpf, ["529.982.247-25"], ["529.982.247-26", "111.111.111-11"]],
  ])("%s", (_, is, good, bad) => {
    for (const one of good) expect(is(one), one).toBe(true);
    for (const one of bad) expect(is(one), one).toBe(false);
  });
});

describe("likely personal data", () => {
  test.each([
    ["contact", ["ann@example.org", "bob.b@mail.example.com", ""], "e-mail address"],
    ["konto", ["DE89370400440532013000", "GB82WEST12345698765432"], "bank account (IBAN)"],
    ["payment", ["4111111111111111", "5500000000000004"], "payment card"],
    ["client", ["192.168.0.1", "2001:db8::1"], "IP address"],
    ["call", ["+49 30 901820", "(030) 90 18 20-00"], "telephone number"],
    ["place", ["52.5200, 13.4050", "-33.8688, 151.2093"], "coordinates"],
    ["lastName", ["Meyer", "Schulz"], "name of a person"],
    ["date_of_birth", ["1980-02-03", "1991-12-24"], "date of birth"],
    ["religion", ["a", "b"], "special category (origin, belief, orientation)"],
    ["lat", ["52.52001", "48.13712"], "latitude"],
  ])("%s", async (name, cells, kind) => {
    const { personal, table } = await scan(name, cells);
    expect(personal).toMatchObject([{ column: name, kind }]);
    expect(table?.columns[0]).toMatchObject({ name, withheld: true });
    expect(table?.columns[0]?.numbers).toBeUndefined();
    expect(table?.columns[1]?.withheld).toBeUndefined();
  });

  test.each([
    ["yield", ["12.5", "13.75", "101.25"]],
    ["year", ["1990", "2001", "2024"]],
    ["day", ["2024-01-02", "2024-01-03"]],
    ["state", ["Iowa", "Ohio"]],
    ["count", ["123456789", "987654321", "555555555"]],
    ["platform", ["web", "app"]],
    ["version", ["1.2.3", "10.0.1"]],
  ])("%s is none", async (name, cells) => {
    expect((await scan(name, cells)).personal).toEqual([]);
  });

  test("the report holds no cell", async () => {
    const found = await scan("contact", ["ann@example.org", "bob@example.org"]);
    expect(JSON.stringify(found)).not.toContain("example.org");
  });
});
