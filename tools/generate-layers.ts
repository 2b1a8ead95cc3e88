/** Writes .oxlintrc.json, which is not kept, from `layers.ts`: oxlint finds the files of its rules from where that stands. */
import { writeFileSync } from 'node:fs'
import { oxlintConfig } from './layers.ts'

writeFileSync('.oxlintrc.json', JSON.stringify(oxlintConfig(), null, 2))
