/** What takes more than one value of an endpoint, or more than one endpoint, to see. */
import { isDeepStrictEqual } from "node:util";
import { type Draft, type Mistake, type Place, wrongValue } from "./mistakes.ts";
import { didYouMean, nearestWord } from "./near-miss.ts";

type AppDraft = NonNullable<NonNullable<Draft["apps"]>[string]>;
type EndpointDraft = NonNullable<NonNullable<AppDraft["endpoints"]>[string]>;

function checkService(at: Place, endpoint: EndpointDraft, services: AppDraft["services"]): Mistake[] {
	const { service } = endpoint;
	if (service === undefined || services === undefined) return [];
	const place = [...at, "service"];
	const names = Object.keys(services);
	if (!names.includes(service)) {
		const near = didYouMean(nearestWord(service, names));
		return [wrongValue(place, `is not a service of this app; allowed: ${names.join(", ")}${near}`)];
	}
	if (services[service]?.containers !== 0) return [];
	return [
		wrongValue(place, "has 0 containers, and Aptible makes no endpoint for it; give it 1 or take the endpoint out"),
	];
}

function checkAddress(at: Place, endpoint: EndpointDraft): Mistake[] {
	const own = "domain" in endpoint;
	if (endpoint.defaultDomain === true) {
		if (own) {
			return [
				wrongValue(
					[...at, "domain"],
					"stands beside defaultDomain: true; an endpoint has one of the two: take the other out",
				),
			];
		}
		if (endpoint.managedTls === true) {
			return [
				wrongValue(
					[...at, "managedTls"],
					"does not go with defaultDomain, whose certificate is Aptible's own; take the line out",
				),
			];
		}
		return [];
	}
	if (!own) {
		if ("defaultDomain" in endpoint && endpoint.defaultDomain === undefined) return [];
		const says = "has no address; give it defaultDomain: true, or domain: with managedTls: true";
		return [{ place: at, says, about: "name" }];
	}
	if (endpoint.managedTls === true || ("managedTls" in endpoint && endpoint.managedTls === undefined)) return [];
	return [
		wrongValue(
			[...at, "domain"],
			"has no certificate; allowed: managedTls: true, with which Aptible gets and renews one (own certificates are not supported yet)",
		),
	];
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
			return [wrongValue(place, "stands twice; take one out")];
		}
		seen.push(read);
		// AWS cuts the host part off, so that the endpoint would differ from the file for ever.
		if (read.bits % 2 ** (32 - read.length) === 0) return [];
		return [wrongValue(place, `is an address inside a range${didYouMean(network(range))}`)];
	});
}

function checkTransport(at: Place, endpoint: EndpointDraft, phi: boolean | undefined): Mistake[] {
	if (phi !== true) return [];
	const mistakes: Mistake[] = [];
	if (endpoint.sslProtocols !== undefined && /TLSv1(?:\.1)?(?: |$)/.test(endpoint.sslProtocols)) {
		mistakes.push(
			wrongValue(
				[...at, "sslProtocols"],
				'admits TLS below 1.2, which phi: true rules out; allowed: "TLSv1.2", "TLSv1.2 PFS", "TLSv1.2 PFS TLSv1.3", "TLSv1.3"',
			),
		);
	}
	if (endpoint.forceSsl === false) {
		mistakes.push(
			wrongValue(
				[...at, "forceSsl"],
				"lets health information through in the open, which phi: true rules out; take the line out",
			),
		);
	}
	return mistakes;
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

/** Judges the endpoints of every app. */
export function checkEndpoints(draft: Draft): Mistake[] {
	const each = Object.entries(draft.apps ?? {}).flatMap(([handle, app]) =>
		Object.entries(app?.endpoints ?? {}).flatMap(([name, endpoint]) => {
			if (endpoint === undefined) return [];
			const at = ["apps", handle, "endpoints", name];
			return [
				...checkService(at, endpoint, app?.services),
				...checkAddress(at, endpoint),
				...checkIpFilter(at, endpoint.ipFilter),
				...checkTransport(at, endpoint, draft.environment?.phi),
			];
		}),
	);
	return [...each, ...checkSharing(draft)];
}
