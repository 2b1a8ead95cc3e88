/**
 * The layers of ARCHITECTURE.md as data, and the oxlint configuration that enforces them. A second override on the
 * same file replaces the first one's restrictions in silence: so each file of the packages falls under exactly one.
 */

/** The folders of packages/suite/src, lowest first; folders of one line do not know each other. */
export const layers: readonly (readonly string[])[] = [
  ['foundation'],
  ['options'],
  ['observe'],
  ['sql', 'wire', 'net'],
  ['keystore', 'tokens'],
  ['transform', 'censor'],
  ['proxy'],
  ['services'],
  ['cli'],
]

/** Folders of the suite that are codecs: they import no Node module. */
export const codecs: readonly string[] = ['sql', 'wire']

/** Packages that run in browsers too: they import no Node module but in `src/node.ts`. */
export const portablePackages: readonly string[] = ['crypto', 'sdk', 'console']

type Pattern = ({ readonly regex: string } | { readonly group: readonly string[] }) & {
  readonly message: string
}

interface Override {
  readonly files: readonly string[]
  readonly excludeFiles: readonly string[]
  readonly rules: Readonly<Record<string, unknown>>
}

const noNodeModule: Pattern = {
  regex: '^node:',
  message: 'this code imports no Node module',
}

const packagesByName: readonly Pattern[] = [
  {
    regex: '^(?:\\.\\./)+(?:packages/)?(?:crypto|sdk|suite|console)/',
    message: 'import another package by its name',
  },
  {
    regex: '^@acra-ts/[^/]+/(?:src|dist)(?:/|$)',
    message: 'import what the other package exports, not its files',
  },
]

/** The databases, and what code of each may not import: code, and packages, of the other. */
const databases = [
  {
    name: 'postgres',
    others: {
      regex: '(?:^|/)(?:mysql|mariadb)',
      message: 'PostgreSQL code never imports MySQL code',
    },
  },
  {
    name: 'mysql',
    others: {
      regex: '(?:^|/)(?:postgres|pg(?:$|[/-])|libpg-query)',
      message: 'MySQL code never imports PostgreSQL code',
    },
  },
]

/** The whole content of .oxlintrc.json. */
export function oxlintConfig(): object {
  return {
    $schema: './node_modules/oxlint/configuration_schema.json',
    plugins: ['eslint', 'typescript', 'unicorn', 'oxc', 'import'],
    categories: { correctness: 'error' },
    rules: {
      'import/no-cycle': ['error', { ignoreTypes: false }],
      // Taking every known field out of a tree node leaves in the rest what nobody has looked at.
      'no-unused-vars': [
        'error',
        { ignoreRestSiblings: true, argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      // Tables of bytes and of arguments are written in lines that belong together.
      'unicorn/no-useless-spread': 'off',
      'unicorn/no-new-array': 'off',
      'unicorn/prefer-string-starts-ends-with': 'off',
      'typescript/consistent-type-imports': ['error', { disallowTypeAnnotations: true }],
    },
    ignorePatterns: ['**/dist/**', '.build/**', 'coverage/**', 'e2e/shapes/**'],
    overrides: [
      ...portablePackages.flatMap(packageOverrides),
      ...layers.flat().flatMap(folderOverrides),
      override(['e2e/**', 'bench/**', 'tools/**'], packagesByName, { isProgram: true }),
    ],
  }
}

function packageOverrides(name: string): Override[] {
  const source = `packages/${name}/src`
  const patterns: readonly Pattern[] = [
    ...packagesByName,
    { regex: '^@acra-ts/suite(?:/|$)', message: `${name} stands below the suite` },
  ]
  const node = `${source}/node.ts`
  return [
    override([`${source}/**`], [...patterns, noNodeModule], {
      exclude: [node, ...testsOf(source)],
    }),
    override([node, ...testsOf(source)], patterns),
  ]
}

/** One override for each kind of file in the folder: of a certain database or of none; in codecs, source or test. */
function folderOverrides(folder: string): Override[] {
  const source = `packages/suite/src/${folder}`
  const always = [...folderPatterns(folder), ...packagesByName]
  const isProgram = folder === 'cli'
  const ofDatabase = databases.flatMap(({ name }) => filesOf(source, name))
  const kinds = [
    { files: [`${source}/**`], exclude: ofDatabase, patterns: always },
    ...databases.map(({ name, others }) => ({
      files: filesOf(source, name),
      exclude: [],
      patterns: [...always, others],
    })),
  ]
  return kinds.flatMap(({ files, exclude, patterns }) =>
    codecs.includes(folder)
      ? [
          override(files, [...patterns, noNodeModule], {
            exclude: [...exclude, ...testsOf(source)],
          }),
          override(files.flatMap(testsAmong), patterns, { exclude }),
        ]
      : [override(files, patterns, { exclude, isProgram })],
  )
}

function folderPatterns(folder: string): Pattern[] {
  const level = layers.findIndex((line) => line.includes(folder))
  const below = layers.slice(0, level).flat()
  const others = layers.flat().filter((other) => other !== folder && !below.includes(other))
  return [
    {
      regex: `^(?:\\.\\./)+(?:${others.join('|')})(?:/|$)`,
      message: `${folder} imports ${below.join(', ') || 'no other folder of the suite'}`,
    },
    {
      group: below.flatMap((other) => [`../**/${other}/**`, `!../**/${other}/**/index.ts`]),
      message: 'enter another folder by its index.ts, or by that of one of its folders',
    },
  ].filter((pattern) => ('regex' in pattern ? others : below).length > 0)
}

function filesOf(source: string, database: string): string[] {
  return [
    `${source}/**/${database}/**`,
    `${source}/**/${database}.ts`,
    `${source}/**/${database}-*.ts`,
  ]
}

/** Tests, contracts, and what stands in folders `testing` for them. */
function testsOf(source: string): string[] {
  return [`${source}/**/*.test.ts`, `${source}/**/*.contract.ts`, `${source}/**/testing/**`]
}

/** The globs of the tests among the files of a glob that ends in `**` or in `.ts`. */
function testsAmong(glob: string): string[] {
  if (glob.endsWith('/**')) return testsOf(glob.slice(0, -'/**'.length))
  const stem = glob.slice(0, -'.ts'.length)
  return [`${stem}.test.ts`, `${stem}.contract.ts`]
}

function override(
  files: readonly string[],
  patterns: readonly Pattern[],
  { exclude = [], isProgram = false }: { exclude?: readonly string[]; isProgram?: boolean } = {},
): Override {
  const rules = {
    'no-restricted-imports': ['error', { patterns: patterns }],
    ...(isProgram ? {} : { 'no-restricted-properties': ['error', ...ofTheProcess] }),
  }
  return { files, excludeFiles: exclude, rules }
}

const ofTheProcess = ['argv', 'env', 'exit', 'exitCode'].map((property) => ({
  object: 'process',
  property,
  message: 'only cli/ reads the command line and the environment, and ends the process',
}))
