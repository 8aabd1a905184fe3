const part = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const v4 = new RegExp(`^${part}(\\.${part}){3}$`);

/** What `isIP` of node:net says (4, 6 or 0), for pages: profiles of tables look for addresses with it. */
export function isIP(text: string): 0 | 4 | 6 {
  if (v4.test(text)) return 4;
  const [address = "", zone] = text.split("%", 2);
  if (!address.includes(":") || (zone !== undefined && !/^[0-9a-zA-Z.:-]+$/.test(zone))) return 0;
  return URL.canParse(`http://[${address}]/`) ? 6 : 0;
}
