/** The supervisor's own log: one JSON object a line, as the nodes' logs. */
import { appendFileSync } from 'node:fs'
import type { Report } from './node-process.ts'

export function logLine(...[event, detail, level = 'info']: Parameters<Report>): string {
  const head = { time: new Date().toISOString(), level, node: 'supervisor', event }
  return JSON.stringify({ ...head, ...detail, ...head })
}

/** Appends to a log that is not this process's output; a full disk costs lines and nothing else. */
export function reportTo(path: string): Report {
  return (...report) => {
    try {
      appendFileSync(path, `${logLine(...report)}\n`, { mode: 0o600 })
    } catch {
      // Whoever reads it next misses this line.
    }
  }
}
