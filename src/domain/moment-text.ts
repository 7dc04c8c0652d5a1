/** A moment to the second, in UTC, for people: `2026-06-13 09:00:00 UTC`. */
export const momentText = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')} UTC`;
