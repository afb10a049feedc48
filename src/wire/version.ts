/** Protocol version, in the hello. */
export const protocolVersion = 1
