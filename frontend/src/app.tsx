import { QueryClient, QueryClientProvider, QueryCache, useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { BrowserRouter, Navigate, Route, Routes, useLocation } from "react-router";
import { me } from "./api/accounts";
import { ApiError } from "./api/http";
import { AuditPage } from "./pages/audit/audit";
import { HostsPage } from "./pages/hosts/hosts";
import { LoginPage } from "./pages/login/login";
import { ReturnedPage } from "./pages/login/returned";
import { RequestPage } from "./pages/requests/request";
import { RequestsPage } from "./pages/requests/requests";
import { SessionsPage } from "./pages/sessions/sessions";
import { SettingsPage } from "./pages/settings/settings";
import { StartPage } from "./pages/start/start";
import { TeamsPage } from "./pages/teams/teams";
import { ToolPage } from "./pages/tools/tool";
import { ToolsPage } from "./pages/tools/tools";
import { useMe } from "./pages/use-me";
import { Empty, Failure, Loading } from "./ui/parts";
import { Shell } from "./ui/shell";
import { homeOf } from "./ui/places";

// Arrow and the views are half of the code and only this page needs them.
const SessionPage = lazy(async () => ({ default: (await import("./pages/session/session")).SessionPage }));

/** No polling and no guessing: data stays as it is until the server says that it changed. */
function makeClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, query) => {
        const signedOut = error instanceof ApiError && error.status === 401;
        if (signedOut && query.queryKey[0] !== "me") void client.invalidateQueries({ queryKey: ["me"] });
      },
    }),
    defaultOptions: {
      queries: { staleTime: Infinity, refetchOnWindowFocus: false, refetchOnReconnect: false, retry: false },
    },
  });
  return client;
}

export function App() {
  const [client] = useState(makeClient);
  return (
    <QueryClientProvider client={client}>
      <BrowserRouter>
        <Routes>
          <Route path="/login" element={<LoginPage />} />
          <Route path="/login/oidc" element={<ReturnedPage />} />
          <Route element={<SignedIn />}>
            <Route index element={<Home />} />
            <Route path="/hosts" element={<HostsPage />} />
            <Route path="/tools" element={<ToolsPage />} />
            <Route path="/tools/:name" element={<ToolPage />} />
            <Route path="/tools/:name/start" element={<StartPage />} />
            <Route path="/sessions" element={<SessionsPage />} />
            <Route
              path="/sessions/:id"
              element={
                <Suspense fallback={<Loading />}>
                  <SessionPage />
                </Suspense>
              }
            />
            <Route path="/requests" element={<RequestsPage />} />
            <Route path="/requests/:id" element={<RequestPage />} />
            <Route path="/audit" element={<AuditPage />} />
            <Route path="/teams" element={<TeamsPage />} />
            <Route path="/settings" element={<SettingsPage />} />
            <Route path="*" element={<Empty title="There is no page here">Ctrl K finds every page, tool, host and session.</Empty>} />
          </Route>
        </Routes>
      </BrowserRouter>
    </QueryClientProvider>
  );
}

/** The first place that this person may look at. */
function Home(): ReactNode {
  return <Navigate to={homeOf(useMe().can)} replace />;
}

function SignedIn(): ReactNode {
  const location = useLocation();
  const { data, error, refetch } = useQuery(me);
  if (error instanceof ApiError && error.status === 401) {
    return <Navigate to="/login" state={{ from: `${location.pathname}${location.search}${location.hash}` }} replace />;
  }
  if (data !== undefined) return <Shell me={data} />;
  return error === null ? <Loading /> : <Failure error={error} retry={() => void refetch()} />;
}
