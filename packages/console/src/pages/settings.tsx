import { useState } from 'preact/hooks'
import type { Setting, SettingOutcome, Settings } from '../contract.ts'
import type { PageProps } from '../page-props.ts'
import { Page } from '../parts/loaded.tsx'
import { ErrorNotice, Notice } from '../parts/notice.tsx'
import { asRequestError, type RequestError, request, useLoaded } from '../request.ts'

export function SettingsPage({ isOperator }: PageProps) {
  const loaded = useLoaded<Settings>('settings')
  return (
    <Page loaded={loaded}>
      {(settings) => (
        <SettingsForm
          key={JSON.stringify(settings)}
          settings={settings}
          isOperator={isOperator}
          reload={loaded.reload}
        />
      )}
    </Page>
  )
}

function SettingsForm(props: { settings: Settings; isOperator: boolean; reload: () => void }) {
  const { settings, isOperator } = props
  const [outcomes, setOutcomes] = useState<readonly SettingOutcome[] | null>(null)
  const [error, setError] = useState<RequestError | null>(null)
  const onSubmit = async (event: SubmitEvent & { readonly currentTarget: HTMLFormElement }) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const body = Object.fromEntries(
      settings.settings.map((setting) => [setting.name, givenFor(setting, form.get(setting.name))]),
    )
    setError(null)
    setOutcomes(null)
    try {
      setOutcomes(await request<readonly SettingOutcome[]>('settings', 'POST', body))
    } catch (failure) {
      setError(asRequestError(failure))
    }
  }
  return (
    <form onSubmit={onSubmit}>
      <p>
        Saved to <code>{settings.file}</code> on acra-server's machine. A value that the command
        line of acra-server says wins over the file.
      </p>
      {error !== null && <ErrorNotice error={error} />}
      {outcomes !== null && <Outcomes outcomes={outcomes} />}
      <fieldset disabled={!isOperator}>
        <legend>{isOperator ? 'acra-server' : 'acra-server (an operator can change it)'}</legend>
        {settings.settings.map((setting) => (
          <Field key={setting.name} setting={setting} />
        ))}
      </fieldset>
      {isOperator && (
        <button type="submit" class="main">
          Save
        </button>
      )}
    </form>
  )
}

function Field({ setting }: { readonly setting: Setting }) {
  const { name, title, kind, value, source } = setting
  const note = `${name}, from the ${source === 'default' ? 'defaults' : source}`
  if (kind === 'flag')
    return (
      <label class="check">
        <input type="checkbox" name={name} defaultChecked={value === true} />
        {title} <span class="hint">{note}</span>
      </label>
    )
  return (
    <label>
      {title} <span class="hint">{note}</span>
      <input
        name={name}
        defaultValue={String(value)}
        {...(kind === 'number' ? { type: 'number', min: 1, max: 65_535, required: true } : {})}
      />
    </label>
  )
}

function givenFor({ kind }: Setting, given: FormDataEntryValue | null): string | number | boolean {
  if (kind === 'flag') return given !== null
  return kind === 'number' ? Number(given) : String(given ?? '')
}

function Outcomes({ outcomes }: { readonly outcomes: readonly SettingOutcome[] }) {
  const of = (kind: SettingOutcome['outcome']) =>
    outcomes.filter(({ outcome }) => outcome === kind).map(({ name }) => name)
  const [applied, overridden, restart] = [of('applied'), of('overridden'), of('restart')]
  return (
    <>
      {applied.length > 0 && <Notice kind="success" title={`Saved: ${applied.join(', ')}`} />}
      {restart.length > 0 && (
        <Notice
          kind="warning"
          title={`Saved, and used from the next start on: ${restart.join(', ')}`}
        />
      )}
      {overridden.length > 0 && (
        <Notice kind="warning" title={`Saved without effect: ${overridden.join(', ')}`}>
          The command line of acra-server says another value.
        </Notice>
      )}
      {outcomes.length === 0 && <Notice kind="info" title="Nothing was changed" />}
    </>
  )
}
