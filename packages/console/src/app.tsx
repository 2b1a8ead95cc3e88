/** The frame of all pages: who is signed in, the way around, and whether acra-server is there. */
import type { ComponentType } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Session } from './contract.ts'
import { type Live, useLive } from './live.ts'
import type { PageProps } from './page-props.ts'
import { AuditLogPage } from './pages/audit-log.tsx'
import { CensorPage } from './pages/censor.tsx'
import { KeysPage } from './pages/keys.tsx'
import { OverviewPage } from './pages/overview.tsx'
import { PoisonPage } from './pages/poison.tsx'
import { ProtectionPage } from './pages/protection.tsx'
import { SettingsPage } from './pages/settings.tsx'
import { SignInPage } from './pages/sign-in.tsx'
import { StatementsPage } from './pages/statements.tsx'
import { TokensPage } from './pages/tokens.tsx'
import { ZonesPage } from './pages/zones.tsx'
import { Notice } from './parts/notice.tsx'
import { request, whenSignedOut } from './request.ts'
import { go, onLink, usePath } from './router.ts'

interface Page {
  readonly path: string
  readonly title: string
  readonly Content: ComponentType<PageProps>
}

const pages: readonly Page[] = [
  { path: '/overview', title: 'Overview', Content: OverviewPage },
  { path: '/protection', title: 'Protection', Content: ProtectionPage },
  { path: '/statements', title: 'Statements', Content: StatementsPage },
  { path: '/keys', title: 'Keys', Content: KeysPage },
  { path: '/zones', title: 'Zones', Content: ZonesPage },
  { path: '/tokens', title: 'Tokens', Content: TokensPage },
  { path: '/poison-records', title: 'Poison records', Content: PoisonPage },
  { path: '/acracensor', title: 'AcraCensor', Content: CensorPage },
  { path: '/audit-log', title: 'Audit log', Content: AuditLogPage },
  { path: '/settings', title: 'Settings', Content: SettingsPage },
]

export function App() {
  /** Undefined until it is known whether somebody is signed in. */
  const [session, setSession] = useState<Session | null | undefined>(undefined)
  useEffect(() => {
    whenSignedOut(() => setSession(null))
    request<Session>('session').then(setSession, () => setSession(null))
  }, [])
  if (session === undefined) return <p class="loading">Loading …</p>
  if (session === null) return <SignInPage onSession={setSession} />
  return <Frame session={session} onSignOut={() => setSession(null)} />
}

function Frame({ session, onSignOut }: { session: Session; onSignOut: () => void }) {
  const path = usePath()
  const live = useLive(true)
  const page = pages.find((one) => one.path === path) ?? null
  useEffect(() => {
    if (path === '/' || path === '/index.html') go('/overview')
  }, [path])
  const signOut = () => request('session', 'DELETE').then(onSignOut, onSignOut)
  return (
    <>
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <header class="bar">
        <span class="brand">Acra</span>
        <ServerMark live={live} />
        <span class="who">
          {session.user} <span class="role">({session.role})</span>
        </span>
        <button type="button" class="quiet" onClick={signOut}>
          Sign out
        </button>
      </header>
      <nav class="pages" aria-label="Pages">
        <ul>
          {pages.map(({ path: to, title }) => (
            <li key={to}>
              <a href={to} onClick={onLink} aria-current={to === path ? 'page' : undefined}>
                {title}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <main id="content" tabIndex={-1}>
        <Connection live={live} />
        {page === null ? (
          <NotThere />
        ) : (
          <Shown key={page.path} page={page} live={live} isOperator={session.role === 'operator'} />
        )}
      </main>
    </>
  )
}

/** A page and its title; the title gets the focus, so that readers of the screen hear where they are. */
function Shown({ page, live, isOperator }: PageProps & { page: Page }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${page.title} – Acra`
    heading.current?.focus()
  }, [page])
  return (
    <>
      <h1 ref={heading} tabIndex={-1}>
        {page.title}
      </h1>
      <page.Content live={live} isOperator={isOperator} />
    </>
  )
}

function NotThere() {
  return (
    <>
      <h1>No such page</h1>
      <p>
        The console has no page at this address. <a href="/overview">Go to the overview</a>
      </p>
    </>
  )
}

function ServerMark({ live }: { live: Live }) {
  const { overview, isConnected } = live
  const server = overview?.server ?? null
  const worst = !isConnected || (overview !== null && server === null) ? 'down' : healthOf(server)
  const text = {
    down: 'acra-server: no answer',
    degraded: 'acra-server: degraded',
    ok: 'acra-server: ok',
  }
  return (
    <span class={`mark ${worst}`} role="status">
      {text[worst]}
    </span>
  )
}

function healthOf(server: { readonly health: readonly { readonly state: string }[] } | null) {
  const states = server?.health.map(({ state }) => state) ?? []
  if (states.includes('down')) return 'down'
  return states.includes('degraded') ? 'degraded' : 'ok'
}

function Connection({ live: { isConnected, overview } }: { live: Live }) {
  if (!isConnected)
    return (
      <Notice kind="error" title="acra-webconfig does not answer">
        What you see may be old. This page connects again by itself.
      </Notice>
    )
  const problem = overview?.problem ?? null
  if (problem === null) return null
  return (
    <Notice kind="error" title={problem.message}>
      {problem.hint ?? 'What you see may be old. This page recovers by itself.'}
    </Notice>
  )
}
