/** SAS of Azure storage in a config value (Azure docs: service SAS, account SAS). */

/**
 * When a SAS in a value ends: `on 2027-01-15`.
 *
 * @returns undefined where there is none; nothing of its signature
 */
export function findSasEnd(value: string): string | undefined {
	if (parameter(value, "sig") === undefined) return undefined;
	const day = /^\d{4}-\d\d-\d\d/.exec(parameter(value, "se") ?? "")?.[0];
	if (day !== undefined) return `on ${day}`;
	const hasPolicy = parameter(value, "sv") !== undefined && parameter(value, "si") !== undefined;
	return hasPolicy ? "when its stored access policy does" : undefined;
}

/** In a connection string the first parameter stands behind `SharedAccessSignature=`. */
function parameter(value: string, name: string): string | undefined {
	return new RegExp(`(?:^|[?&;="'\\s])${name}=([^&;"'\\s]+)`).exec(value)?.[1];
}
