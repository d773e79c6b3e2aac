/** A moment for a person, to the minute: `2026-11-24 15:04 UTC`. */
export function minuteInUtc(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
