// Profiles as `assets.profile` gives them, made from small tables by the real code.
import { bytesSource, profile } from "@machines/formats";

const days = (year: number, shift: number, gaps: number) =>
  Array.from({ length: 730 }, (_, i) => {
    const date = new Date(Date.UTC(year, 0, 1 + i)).toISOString().slice(0, 10);
    const season = Math.sin((i / 365) * 2 * Math.PI);
    const rain = i % 3 === 0 ? ((i * 37) % 101) * (1.2 - season) * 0.2 : 0;
    const temperature = 11 - 8 * season + ((i * 53) % 17) / 3 + shift;
    const kind = rain > 8 ? "rain" : rain > 0 ? "drizzle" : i % 5 === 0 ? "fog" : "sun";
    return [
      date,
      rain.toFixed(1),
      i % gaps === 0 ? "" : temperature.toFixed(1),
      kind,
      `observer${i % 9}@example.org`,
    ].join(",");
  });
const table = (rows: readonly string[]) =>
  profile(
    bytesSource(
      new TextEncoder().encode(`date,precipitation,temperature,weather,reporter_email\n${rows.join("\n")}\n`),
    ),
    { format: "csv" },
  );

/** By asset id. */
export const profiles: Readonly<Record<string, object>> = {
  "1": { ...(await table(days(2012, 0, 40))), onRecord: true },
  "2": { ...(await table(days(2014, 3, 9))), onRecord: false },
};
