import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { Component, useEffect, useRef, useState } from "react";
import { ApiError, api } from "../reads.ts";
import { t } from "../strings.ts";

/** The page's state while its facts are on their way, or why they cannot come. */
export function Loaded<T>({ query, children }: { query: UseQueryResult<T>; children: (data: T) => React.ReactNode }) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <Trouble error={query.error} again={() => void query.refetch()} />;
  return (
    <div className="loading" role="status">
      <span className="loading-bar" aria-hidden="true" />
      {t.loading}
    </div>
  );
}

/** An error in words, with what to do next. */
export function Trouble({ error, again }: { error: unknown; again?: () => void }) {
  const known = error instanceof ApiError ? error : undefined;
  const hints = known?.hints.length
    ? known.hints
    : known?.status === 0
      ? [t.error.unreachable]
      : known?.status === 404
        ? [t.error.notFound]
        : [];
  return (
    <div className="trouble" role="alert">
      <h2>{known?.status === 404 ? t.error.notFound : t.error.title}</h2>
      <p>{known ? known.shortMessage : t.error.crash}</p>
      {hints.map((hint) => (
        <p key={hint}>{hint}</p>
      ))}
      {again && (
        <button type="button" className="button" onClick={again}>
          {t.error.again}
        </button>
      )}
    </div>
  );
}

/** Keeps one page's failure from taking the frame with it. */
export class Guard extends Component<{ children: React.ReactNode; page: string }, { error: unknown; page: string }> {
  override state = { error: undefined as unknown, page: this.props.page };
  static getDerivedStateFromError(error: unknown) {
    return { error };
  }
  static getDerivedStateFromProps(props: { page: string }, state: { error: unknown; page: string }) {
    return props.page === state.page ? null : { error: undefined, page: props.page };
  }
  override render() {
    if (this.state.error === undefined) return this.props.children;
    return <Trouble error={this.state.error} again={() => this.setState({ error: undefined })} />;
  }
}

/** Node status, shared by every part that shows chain facts. */
export const useStatus = () => useQuery({ queryKey: ["status"], queryFn: api.status });

/** Chain time in seconds, running on between blocks; undefined until the node has answered. */
export function useChainTime(): number | undefined {
  const status = useStatus();
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  const stamp = status.data?.chain.timestamp;
  return stamp === undefined ? undefined : stamp + Math.max(0, Date.now() - status.dataUpdatedAt) / 1000;
}

/** Width of an element in CSS pixels, for drawings that keep their text size. */
export function useWidth<E extends HTMLElement>(fallback: number): [React.RefObject<E | null>, number] {
  const ref = useRef<E | null>(null);
  const [width, setWidth] = useState(fallback);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const watch = new ResizeObserver(
      ([entry]) => entry && setWidth(Math.max(240, Math.round(entry.contentRect.width))),
    );
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  return [ref, width];
}
