import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { eventsUrl, type LiveEvent } from "./reads.ts";

export type LiveState = "connecting" | "live" | "lost";

const KEEP = 400;
/** Event types of the stream; those without an entry below refresh everything. */
const NAMES = ["rows", "head", "rollback", "job", "progress", "call", "story", "reset", "message"];
const REFRESH: Readonly<Record<string, readonly string[] | undefined>> = {
  head: ["status"],
  job: ["jobs", "status", "transactions"],
  progress: ["story"],
  call: [],
};

let state: LiveState = "connecting";
let events: readonly LiveEvent[] = [];
const listeners = new Set<() => void>();
const tell = () => {
  for (const listener of listeners) listener();
};
const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

function setState(next: LiveState) {
  if (next === state) return;
  state = next;
  tell();
}

function parse(message: MessageEvent<string>): LiveEvent | undefined {
  try {
    const body = JSON.parse(message.data) as Record<string, unknown>;
    const type = body["type"] ?? body["name"] ?? (message.type === "message" ? "event" : message.type);
    const contract = body["contract"] === undefined ? "" : `${String(body["contract"])}.`;
    const found: LiveEvent = {
      id: message.lastEventId || String(body["id"] ?? `${Date.now()}-${events.length}`),
      type: contract + String(type),
    };
    const at = Number(body["at"] ?? Date.now());
    const data = (body["data"] ?? body["args"] ?? body) as Record<string, unknown>;
    const block = body["block"] === undefined ? {} : { block: Number(body["block"]) };
    const tx = body["tx"] ?? body["transactionHash"];
    return { ...found, at, data, ...block, ...(tx === undefined ? {} : { tx: String(tx) }) };
  } catch {
    return undefined;
  }
}

/**
 * Follows the node's event stream until stopped. The browser resumes it by id after a break;
 * each burst of events refreshes the pages once.
 */
export function follow(client: QueryClient): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wanted = new Set<string>();
  const refresh = (keys: readonly string[] = ["*"]) => {
    for (const key of keys) wanted.add(key);
    if (wanted.size === 0) return;
    timer ??= setTimeout(() => {
      const now = wanted;
      wanted = new Set();
      timer = undefined;
      void client.invalidateQueries({ predicate: ({ queryKey }) => now.has("*") || now.has(String(queryKey[0])) });
    }, 300);
  };
  const source = new EventSource(eventsUrl);
  source.onopen = () => {
    if (state === "lost") refresh();
    setState("live");
  };
  source.onerror = () => setState("lost");
  const take = (message: MessageEvent<string>) => {
    const event = parse(message);
    if (!event || events.some((known) => known.id === event.id)) return;
    events = [event, ...events].slice(0, KEEP);
    tell();
    refresh(REFRESH[message.type]);
  };
  for (const name of NAMES) source.addEventListener(name, take as EventListener);
  return () => {
    source.close();
    clearTimeout(timer);
  };
}

/** Whether the stream is up. */
export const useLive = (): LiveState => useSyncExternalStore(subscribe, () => state);

/** The newest events first, at most a few hundred. */
export const useEvents = (): readonly LiveEvent[] => useSyncExternalStore(subscribe, () => events);
