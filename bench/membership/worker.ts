/** A process that measures: jobs come in, results go out. */
import { type Job, perform } from './jobs.ts'

process.on('message', (job: Job) => process.send?.(perform(job)))
