/** When on-call is spoken to again. Seconds, unless said otherwise. */
export const incidentPolicy = {
  /** Repeats within it are only counted in the first message. */
  quietSeconds: 15 * 60,
  escalateAfterReports: 6,
  escalateAfterSeconds: 60 * 60,
  remindFirstSeconds: 60 * 60,
  remindAgainSeconds: 6 * 60 * 60,
  /** So long a resolved incident is continued when the problem comes back. */
  settleSeconds: 15 * 60,
  /** So many times back, and its comings and goings are no longer told one by one. */
  flappingAfter: 3,
  /** So long a flapping problem must be calm to count as over. */
  calmSeconds: 30 * 60,
  fadeSeconds: 24 * 60 * 60,
  /** So long a one-time message is remembered: Lambda tries an event again for up to six hours. */
  rememberInformationSeconds: 8 * 60 * 60,
} as const;
