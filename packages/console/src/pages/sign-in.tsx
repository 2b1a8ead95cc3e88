import { useState } from 'preact/hooks'
import type { Session } from '../contract.ts'
import { ErrorNotice } from '../parts/notice.tsx'
import { asRequestError, type RequestError, request } from '../request.ts'

export function SignInPage({ onSession }: { readonly onSession: (session: Session) => void }) {
  const [error, setError] = useState<RequestError | null>(null)
  const [isBusy, setBusy] = useState(false)
  const onSubmit = async (event: SubmitEvent & { readonly currentTarget: HTMLFormElement }) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const body = { user: form.get('user'), password: form.get('password') }
    setBusy(true)
    setError(null)
    try {
      onSession(await request<Session>('session', 'POST', body))
    } catch (failure) {
      setError(asRequestError(failure))
      setBusy(false)
    }
  }
  return (
    <main class="sign-in" id="content">
      <h1>Acra console</h1>
      <p>Sign in with a user that acra-authmanager has made.</p>
      {error !== null && <ErrorNotice error={error} />}
      <form onSubmit={onSubmit}>
        <label>
          User
          <input name="user" autocomplete="username" required maxLength={256} />
        </label>
        <label>
          Password
          <input
            name="password"
            type="password"
            autocomplete="current-password"
            required
            maxLength={1024}
          />
        </label>
        <button type="submit" class="main" disabled={isBusy}>
          Sign in
        </button>
      </form>
    </main>
  )
}
