import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";
const KEY = "assay-theme";
const listeners = new Set<() => void>();
const system = matchMedia("(prefers-color-scheme: dark)");

let memory: Theme | undefined;

function chosen(): Theme | undefined {
  if (memory) return memory;
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : undefined;
  } catch {
    return undefined;
  }
}

const current = (): Theme => chosen() ?? (system.matches ? "dark" : "light");

/** Puts the reader's choice, or the system's, on the page; call before the first render. */
export function applyTheme(): void {
  document.documentElement.dataset["theme"] = current();
  for (const listener of listeners) listener();
}
system.addEventListener("change", applyTheme);

/** The theme in force, and a switch that remembers the choice on this device. */
export function useTheme(): [Theme, () => void] {
  const theme = useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, current);
  return [
    theme,
    () => {
      memory = theme === "dark" ? "light" : "dark";
      try {
        localStorage.setItem(KEY, memory);
      } catch {
        // Without storage the choice lasts until the page is closed.
      }
      applyTheme();
    },
  ];
}
