/** What takes more than one value of an endpoint, or more than one endpoint, to see. */
import { isDeepStrictEqual } from "node:util";
import type { Draft } from "./draft.ts";
import { checkKind, checkShared } from "./endpoint-kind-rules.ts";
import { type Mistake, type Place, wrongValue } from "./mistakes.ts";
import { findNearestWord, suggest } from "./near-miss.ts";

type AppDraft = NonNullable<NonNullable<Draft["apps"]>[string]>;
type EndpointDraft = NonNullable<NonNullable<AppDraft["endpoints"]>[string]>;

function checkService(at: Place, endpoint: EndpointDraft, services: AppDraft["services"]): Mistake[] {
	const { service } = endpoint;
	if (service === undefined || services === undefined) return [];
	const place = [...at, "service"];
	const names = Object.keys(services);
	if (names.includes(service)) return [];
	const near = suggest(findNearestWord(service, names));
	return [wrongValue(place, `is not a service of this app; allowed: ${names.join(", ")}${near}`)];
}

const certificateKeys = ["managedTls", "certificate", "certificateFingerprint"] as const;

function checkAddress(at: Place, endpoint: EndpointDraft): Mistake[] {
	const { kind, defaultDomain, managedTls } = endpoint;
	const wrong = (key: string, says: string) => [{ ...wrongValue([...at, key], says) }];
	// `managedTls: false` is as good as a line that is not there.
	const [first, second] = certificateKeys.filter((key) => key in endpoint && endpoint[key] !== false);
	if (defaultDomain === true) {
		if ("domain" in endpoint) {
			return wrong("domain", "stands beside defaultDomain: true; an endpoint has one of the two: remove the other");
		}
		if (first === undefined) return [];
		return wrong(first, "does not go with defaultDomain, whose certificate is Aptible's own; remove the line");
	}
	if (second !== undefined)
		return wrong(second, `stands beside ${first}; an endpoint has one certificate: remove the other`);
	if (managedTls === true && !("domain" in endpoint)) {
		return wrong("managedTls", "needs the domain that the certificate is for; give it domain:");
	}
	const isUnreadable = "defaultDomain" in endpoint && defaultDomain === undefined;
	if (first !== undefined || isUnreadable || kind === "tcp" || kind === undefined) return [];
	if ("domain" in endpoint) {
		return wrong(
			"domain",
			"has no certificate; allowed: managedTls: true (Aptible gets and renews one), certificate: with chain and key, or certificateFingerprint",
		);
	}
	const says =
		"has no address; give it defaultDomain: true, domain: with managedTls: true, or certificate: with chain and key";
	return [{ place: at, says, about: "name" }];
}

/** Reads `10.1.2.3/8` as a number and a length. */
function readRange(range: string): { bits: number; length: number } {
	const [address = "", length = "32"] = range.split("/");
	const bits = address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
	return { bits, length: Number(length) };
}

function network(range: string): string {
	const { bits, length } = readRange(range);
	const start = bits - (bits % 2 ** (32 - length));
	const octets = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256);
	return length === 32 ? octets.join(".") : `${octets.join(".")}/${length}`;
}

function checkIpFilter(at: Place, ranges: readonly (string | undefined)[] | undefined): Mistake[] {
	const seen: { bits: number; length: number }[] = [];
	return (ranges ?? []).flatMap((range, index): Mistake[] => {
		if (range === undefined) return [];
		const place = [...at, "ipFilter", index];
		const read = readRange(range);
		if (seen.some((other) => isDeepStrictEqual(other, read))) {
			return [wrongValue(place, "stands twice; remove one")];
		}
		seen.push(read);
		// AWS cuts the host part off, so that the endpoint would differ from the file for ever.
		if (read.bits % 2 ** (32 - read.length) === 0) return [];
		return [wrongValue(place, `is an address inside a range${suggest(network(range))}`)];
	});
}

function checkPorts(at: Place, ports: readonly (number | undefined)[] | undefined): Mistake[] {
	return (ports ?? []).flatMap((port, index) =>
		port === undefined || ports?.indexOf(port) === index
			? []
			: [wrongValue([...at, "ports", index], "stands twice; remove one")],
	);
}

function checkSharing(draft: Draft): Mistake[] {
	const domains = new Map<string, string>();
	return Object.entries(draft.apps ?? {}).flatMap(([handle, app]) => {
		let withDefault: string | undefined;
		return Object.entries(app?.endpoints ?? {}).flatMap(([name, endpoint]): Mistake[] => {
			const at = ["apps", handle, "endpoints", name];
			const mistakes: Mistake[] = [];
			if (endpoint?.defaultDomain === true) {
				if (withDefault !== undefined) {
					const says = `is on "${withDefault}" already; Aptible gives an app one default domain: give this one a domain`;
					mistakes.push(wrongValue([...at, "defaultDomain"], says));
				}
				withDefault ??= name;
			}
			const { domain } = endpoint ?? {};
			if (domain !== undefined) {
				const first = domains.get(domain);
				if (first !== undefined) {
					mistakes.push(
						wrongValue([...at, "domain"], `is the domain of ${first} already; one domain leads to one endpoint`),
					);
				} else {
					domains.set(domain, at.join("."));
				}
			}
			return mistakes;
		});
	});
}

function checkDatabaseEndpoints(draft: Draft): Mistake[] {
	return Object.entries(draft.databases ?? {}).flatMap(([handle, database]) =>
		Object.entries(database?.endpoints ?? {}).flatMap(([name, endpoint]) =>
			checkIpFilter(["databases", handle, "endpoints", name], endpoint?.ipFilter),
		),
	);
}

/** Names that endpoints of one app or database had before. */
function checkRenames(draft: Draft): Mistake[] {
	const owners = [
		...Object.entries(draft.apps ?? {}).map(([handle, app]) => ["apps", handle, app?.endpoints] as const),
		...Object.entries(draft.databases ?? {}).map(([handle, one]) => ["databases", handle, one?.endpoints] as const),
	];
	return owners.flatMap(([noun, handle, endpoints = {}]) => {
		const taken = new Map<string, string>();
		return Object.entries(endpoints).flatMap(([name, endpoint]): Mistake[] => {
			const former = endpoint?.renamedFrom;
			if (former === undefined) return [];
			const place = [noun, handle, "endpoints", name, "renamedFrom"];
			if (former === name) return [wrongValue(place, "is its name now; remove the line")];
			if (Object.hasOwn(endpoints, former)) {
				return [wrongValue(place, "is declared too; one endpoint cannot be both renamed and kept")];
			}
			const first = taken.get(former);
			taken.set(former, first ?? name);
			if (first === undefined) return [];
			return [wrongValue(place, `is the former name of "${first}" already; only one of them was it`)];
		});
	});
}

/** Judges the endpoints of every app and database. */
export function checkEndpoints(draft: Draft): Mistake[] {
	const each = Object.entries(draft.apps ?? {}).flatMap(([handle, app]) =>
		Object.entries(app?.endpoints ?? {}).flatMap(([name, endpoint]) => {
			if (endpoint === undefined) return [];
			const at = ["apps", handle, "endpoints", name];
			return [
				...checkService(at, endpoint, app?.services),
				...checkKind(at, endpoint),
				...checkAddress(at, endpoint),
				...checkShared(at, endpoint),
				...checkPorts(at, endpoint.ports),
				...checkIpFilter(at, endpoint.ipFilter),
			];
		}),
	);
	return [...each, ...checkSharing(draft), ...checkDatabaseEndpoints(draft), ...checkRenames(draft)];
}
