/** Protocol version, in the hello. 2: objects and contexts may have pins. */
export const protocolVersion = 2
