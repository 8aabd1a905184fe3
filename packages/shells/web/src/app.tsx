import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useRef } from "react";
import { useLive, follow } from "./live.ts";
import { CoverPage } from "./pages/cover.tsx";
import { DecisionsPage } from "./pages/decisions.tsx";
import { DisputesPage } from "./pages/disputes.tsx";
import { ActivityPage } from "./pages/activity.tsx";
import { LoopPage } from "./pages/loop.tsx";
import { VerifyPage } from "./pages/verify.tsx";
import { href, type Route, useRoute } from "./route.ts";
import { Search } from "./search.tsx";
import { t } from "./strings.ts";
import { useTheme } from "./theme.ts";
import { Empty, PageHead } from "./ui/bits.tsx";
import { Guard, useStatus } from "./ui/load.tsx";

const DataPage = lazy(() => import("./pages/data.tsx"));
const LogPage = lazy(() => import("./pages/log.tsx"));
const ModelsPage = lazy(() => import("./pages/models.tsx"));
const LineagePage = lazy(() => import("./pages/lineage.tsx"));
const PAGES = [
  "loop",
  "lineage",
  "data",
  "models",
  "decisions",
  "cover",
  "disputes",
  "log",
  "activity",
  "verify",
] as const;

function Page({ route }: { route: Route }) {
  switch (route.page) {
    case "loop":
      return <LoopPage />;
    case "lineage":
      return <LineagePage id={route.id} asked={route.query} />;
    case "data":
      return <DataPage id={route.id} />;
    case "models":
      return <ModelsPage id={route.id} />;
    case "decisions":
      return <DecisionsPage id={route.id} />;
    case "cover":
      return <CoverPage id={route.id} />;
    case "disputes":
      return <DisputesPage id={route.id} />;
    case "activity":
      return <ActivityPage />;
    case "log":
      return <LogPage id={route.id} />;
    case "verify":
      return <VerifyPage />;
    default:
      return (
        <>
          <PageHead title={t.notFound.title} />
          <Empty title={t.notFound.title} help={t.notFound.help} />
        </>
      );
  }
}

function Pulse() {
  const live = useLive();
  const chain = useStatus().data?.chain;
  return (
    <a className={`pulse pulse-${live}`} href={href("activity")}>
      <span className="pulse-dot" aria-hidden="true" />
      <span>{t.live[live]}</span>
      {chain && <span className="pulse-chain">{t.chain(chain.head, chain.settled)}</span>}
    </a>
  );
}

function ThemeSwitch() {
  const [theme, toggle] = useTheme();
  return (
    <button
      type="button"
      className="icon-button"
      onClick={toggle}
      aria-label={theme === "dark" ? t.theme.toLight : t.theme.toDark}
    >
      <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
        <circle cx="10" cy="10" r="7.2" />
        <path className="solid" d="M10 2.8a7.2 7.2 0 0 1 0 14.4z" />
      </svg>
    </button>
  );
}

/** The dashboard: frame, navigation, live stream and the page that the address names. */
export function App() {
  const route = useRoute();
  const client = useQueryClient();
  const main = useRef<HTMLElement>(null);
  const spot = `${route.page}/${route.id ?? ""}`;
  const last = useRef(spot);

  useEffect(() => follow(client), [client]);
  useEffect(() => {
    const name = (t.nav as Record<string, string>)[route.page];
    // Not scrollIntoView: it would also move the place from which Tab goes on.
    const here = document.querySelector<HTMLElement>("nav [aria-current]");
    const nav = here?.closest("nav");
    if (here && nav) nav.scrollLeft = here.offsetLeft - (nav.clientWidth - here.offsetWidth) / 2;
    document.title = name ? `${name} · ${t.app}` : t.app;
    if (last.current === spot) return;
    last.current = spot;
    scrollTo({ top: 0 });
    main.current?.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
  }, [spot, route.page]);

  const skip = (event: React.MouseEvent) => {
    event.preventDefault();
    main.current?.focus();
  };
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: a skip link; the hash belongs to the routes, so the click moves the focus */}
      <a className="skip" href="#main" onClick={skip}>
        {t.skip}
      </a>
      <header className="bar">
        <div className="bar-top">
          <a className="brand" href={href("loop")}>
            <img src="./favicon.svg" width="30" height="30" alt="" />
            {t.app}
          </a>
          <Search />
          <Pulse />
          <ThemeSwitch />
        </div>
        <nav aria-label={t.nav.label}>
          <ul>
            {PAGES.map((page) => (
              <li key={page}>
                <a href={href(page)} aria-current={route.page === page ? "page" : undefined}>
                  {t.nav[page]}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        <Guard page={spot}>
          <Suspense
            fallback={
              <div className="loading" role="status">
                <span className="loading-bar" aria-hidden="true" />
                {t.loading}
              </div>
            }
          >
            <Page route={route} key={spot} />
          </Suspense>
        </Guard>
      </main>
    </>
  );
}
