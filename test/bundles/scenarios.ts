import { runBundle } from '../helpers/bundle.ts'

await runBundle('scenarios')
