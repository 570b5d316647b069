/** Which values of a live environment may stand in a stage file in the open. */

/** Names that say themselves that the value is nobody's business. */
const secretKey = /key|token|secret|pass|pwd|auth|cred|salt|sig|private|cert|pin|otp|dsn|hash|seed|code/i;

/** A number that may be a port, a count or a time; longer ones may be account numbers. */
const harmlessNumber = /^-?\d{1,6}(\.\d{1,6})?$/;

const harmlessWord =
	/^(true|false|yes|no|on|off|none|enabled|disabled|production|prod|staging|stage|development|dev|test|testing|qa|demo|trace|debug|info|notice|warn|warning|error|fatal|silent|json|text|plain|utc|utf-?8|en|fr|en[-_](us|ca|gb)(\.utf-?8)?|fr[-_]ca(\.utf-?8)?)$/i;

/**
 * Whether a config value may stand in a file that is committed. Nobody can tell a password from a word, so that this is a list of
 * what is harmless, and everything else is a secret.
 */
export function isHarmless(key: string, value: string): boolean {
	return !secretKey.test(key) && (harmlessNumber.test(value) || harmlessWord.test(value));
}
