/** Bytes and durations (compose-spec 11-extension.md). */

const byteUnits: Readonly<Record<string, number>> = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** `300m` in MB, rounded up; undefined where it is no amount. */
export function readMegabytes(text: string): number | undefined {
	const [, amount, unit = "b"] = /^(\d+(?:\.\d+)?)\s*([bkmgt])?i?b?$/i.exec(text.trim()) ?? [];
	if (amount === undefined) return undefined;
	return Math.ceil((Number(amount) * (byteUnits[unit.toLowerCase()] ?? 1)) / 1024 ** 2);
}

const secondsOf: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

/** `1m30s` in seconds, rounded up; undefined where it is no duration. */
export function readSeconds(text: string): number | undefined {
	if (!/^(?:\d+(?:\.\d+)?(?:us|ms|s|m|h))+$/.test(text.trim())) return undefined;
	const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(us|ms|s|m|h)/g)];
	return Math.ceil(parts.reduce((sum, [, amount, unit = "s"]) => sum + Number(amount) * (secondsOf[unit] ?? 1), 0));
}
