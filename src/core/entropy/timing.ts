/** How often members compare, and how far back; other than the default only in simulations. */
export type ExchangeTiming = {
  /** So far back a comparison looks, in milliseconds: longer than a write is on its way. */
  readonly cutAgeMs: number
  /** How wrong the clocks of members may be before writes in flight look like differences. */
  readonly skewMs: number
  /** From one comparison of equal members to the next, give or take three tenths. */
  readonly pauseMs: number
  /** The longest comparison. */
  readonly passMsMax: number
}

export const defaultExchangeTiming: ExchangeTiming = {
  cutAgeMs: 5000,
  skewMs: 2000,
  pauseMs: 10_000,
  passMsMax: 20_000,
}
