/**
 * No request is coordinated for longer than this, whatever time its client gave: so a store that
 * was lost knows when the last answer left that counted its acks (design §4, "whole").
 */
import { after, type Instant } from '../ids.ts'

export const longestDeadlineMs = 10_000

export function deadlineOf(now: Instant, timeLeft: number): Instant {
  return after(now, Math.min(timeLeft, longestDeadlineMs))
}
