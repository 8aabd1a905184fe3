import { useSyncExternalStore } from "react";

/** Where the reader is: page, an id on it, and options. Lives in the hash, so any static host serves it. */
export interface Route {
  readonly page: string;
  readonly id: string | undefined;
  readonly query: URLSearchParams;
}

/** Reads `#/page/id?key=value`; a missing page is the loop. */
export function parseRoute(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?");
  const [page = "", ...rest] = path.split("/");
  const id = rest.join("/");
  return { page: page || "loop", id: id ? decodeURIComponent(id) : undefined, query: new URLSearchParams(search) };
}

/** Link to a page, an id on it, with options. */
export function href(page: string, id?: string, query?: Readonly<Record<string, string>>): string {
  const tail = id === undefined ? "" : `/${encodeURIComponent(id)}`;
  const search = query ? `?${new URLSearchParams(query)}` : "";
  return `#/${page}${tail}${search}`;
}

const subscribe = (change: () => void) => {
  addEventListener("hashchange", change);
  return () => removeEventListener("hashchange", change);
};

/** The current route; follows the address bar. */
export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, () => location.hash));
}

/** Goes to a link made by {@link href}. */
export function go(link: string): void {
  location.hash = link;
}
