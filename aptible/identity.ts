/**
 * What of an object cannot change in place. Each function gives the text that refuses the change, or `undefined`. They are
 * asked twice: by the preview, with the former spec, and by the reconciler, with the live object.
 */

/** Aptible moves an environment between stacks only through its support (facts/aptible.md §1). */
export function environmentIdentity(
	before: { handle: string; stack: string },
	after: { stack: string },
): string | undefined {
	if (before.stack === after.stack) return undefined;
	return (
		`environment "${before.handle}" is on stack "${before.stack}" and cannot move to "${after.stack}" in place: Aptible's ` +
		"support moves environments between stacks of one region. Put environment.stack back, or declare a new stage and move " +
		"the data to it."
	);
}

/** Type and version are fixed at creation, and a disk only grows (facts/aptible.md §3.2). */
export function databaseIdentity(
	before: { handle: string; type: string; version: string; diskGb: number },
	after: { type: string; version: string; diskGb: number },
): string | undefined {
	if (before.type !== after.type || before.version !== after.version) {
		return (
			`database "${before.handle}" is ${before.type} ${before.version} and cannot become ${after.type} ${after.version} in ` +
			"place. Declare a second database with the new type or version, move the data, then take the old one out."
		);
	}
	if (before.diskGb > after.diskGb) {
		return (
			`database "${before.handle}" has a disk of ${before.diskGb} GB and cannot go to ${after.diskGb} GB: disks never shrink. ` +
			`Set databases.${before.handle}.diskGb to ${before.diskGb} or more, or move the data to a new, smaller database.`
		);
	}
	return undefined;
}

/** The service, the domain and whether it is internal are fixed at creation (facts/aptible.md §4.2). */
export function endpointIdentity(
	name: string,
	before: { service: string; internal: boolean; address: string },
	after: { service: string; internal: boolean; address: string },
): string | undefined {
	const text = ({ service, internal, address }: typeof before) =>
		`service "${service}", ${address}, ${internal ? "internal" : "external"}`;
	if (text(before) === text(after)) return undefined;
	return (
		`${name} is for ${text(before)}, and cannot become one for ${text(after)} in place. Declare a second endpoint under ` +
		"another name, move the traffic to it, then take this one out."
	);
}

/** An endpoint's address as messages call it. */
export function addressOf(endpoint: { defaultDomain: boolean; domain?: string | undefined }): string {
	return endpoint.defaultDomain ? "the default domain" : `domain ${endpoint.domain ?? "none"}`;
}
