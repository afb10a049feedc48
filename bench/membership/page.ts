import type { Run } from '../membership.ts'
export function pageWith(page: string, _run: Run): string {
  return page
}
