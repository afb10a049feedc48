import { runBundle } from '../helpers/bundle.ts'

await runBundle('wire')
