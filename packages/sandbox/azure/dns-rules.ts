import { isIPv4, isIPv6 } from "node:net";
import type { PropertyMap } from "../plugins/property-value.ts";
import { ArmError } from "./arm-error.ts";
import { mapIn, mapsIn, type RuleContext } from "./arm-values.ts";
import { requireGroup } from "./storage-rules.ts";
import type { ArmStore } from "./store.ts";

/** What Azure DNS refuses of zones and record sets (facts/azure.md §5; Azure docs: DNS zones and records). */

export function zoneRules(context: RuleContext): void {
	requireGroup(context);
	if (String(context.inputs.location).toLowerCase() === "global") return;
	throw new ArmError(
		400,
		"LocationNotAvailableForResourceType",
		`The provided location '${context.inputs.location}' is not available for resource type 'Microsoft.Network/dnszones'; it is 'global'.`,
	);
}

export function recordSetRules({ inputs, id, store }: RuleContext): void {
	const zone = /^.*\/dnsZones\/[^/]+/i.exec(id)?.[0] ?? "";
	if (store.find(zone) === undefined) {
		throw new ArmError(
			404,
			"ParentResourceNotFound",
			`Failed to perform 'write' on resource '${id}': the parent resource '${zone}' could not be found.`,
		);
	}
	const { relativeRecordSetName: name, recordType: type } = inputs;
	if (type === "CNAME" && name === "@") {
		throw new ArmError(400, "BadRequest", "A CNAME record set cannot be created at the zone apex.");
	}
	if (type === "NS" && (name === "@" || String(name).startsWith("*"))) {
		throw new ArmError(
			400,
			"BadRequest",
			`The NS record set '${name}' cannot be made: Azure has that of the zone, and no wildcard.`,
		);
	}
	const twin = store.below(zone).find((other) => {
		const same = String(other.inputs.relativeRecordSetName).toLowerCase() === String(name).toLowerCase();
		return same && other.inputs.recordType !== type && [type, other.inputs.recordType].includes("CNAME");
	});
	if (twin !== undefined) {
		const message = `The record could not be created because a record set of type ${twin.inputs.recordType} with the same name exists, and a CNAME stands alone.`;
		throw new ArmError(409, "Conflict", message);
	}
	checkName(inputs);
	const ttl = Number(inputs.ttl);
	if (mapIn(inputs, "targetResource").id === undefined && !(Number.isInteger(ttl) && ttl >= 1 && ttl <= 2147483647)) {
		throw new ArmError(400, "BadRequest", `The TTL '${inputs.ttl}' has to be between 1 and 2147483647.`);
	}
	checkContent(inputs, zone, store);
}

/** A name with its zone (RFC 1035), and the form of a service's (Azure docs: SRV records). */
function checkName({ relativeRecordSetName: name, zoneName, recordType }: PropertyMap): void {
	if (name !== "@" && `${name}.${zoneName}`.length > 253) {
		throw new ArmError(400, "BadRequest", `The name '${name}.${zoneName}' has more than 253 characters.`);
	}
	if (recordType !== "SRV" || /^_[^.]+\._[^.]+(?:\.|$)/.test(String(name))) return;
	throw new ArmError(400, "BadRequest", `The service and protocol are not part of the name '${name}'.`);
}

/** Where the values of a type are in a request, and which of them Azure takes. */
const CONTENT: Readonly<Record<string, { key: string; takes: (value: PropertyMap) => boolean }>> = {
	A: { key: "aRecords", takes: ({ ipv4Address }) => isIPv4(String(ipv4Address)) },
	AAAA: { key: "aaaaRecords", takes: ({ ipv6Address }) => isIPv6(String(ipv6Address)) },
	CAA: {
		key: "caaRecords",
		takes: ({ flags, tag, value }) =>
			isByte(flags) && /^[0-9a-z]+$/.test(String(tag)) && typeof value === "string" && value.length <= 1024,
	},
	MX: { key: "mxRecords", takes: ({ preference, exchange }) => isShort(preference) && isName(exchange) },
	NS: { key: "nsRecords", takes: ({ nsdname }) => isName(nsdname) },
	SRV: {
		key: "srvRecords",
		takes: ({ priority, weight, port, target }) => [priority, weight, port].every(isShort) && isName(target),
	},
	// An empty text is refused (dnscontrol: providers/azuredns/auditrecords.go).
	TXT: { key: "txtRecords", takes: ({ value }) => Array.isArray(value) && value.join("") !== "" },
};

const isShort = (number: unknown) => Number.isInteger(number) && Number(number) >= 0 && Number(number) < 2 ** 16;
const isByte = (number: unknown) => isShort(number) && Number(number) < 2 ** 8;
const isName = (name: unknown) => typeof name === "string" && /^(?:[\w-]{1,63}\.)*[\w-]{1,63}\.?$/.test(name);

/** Resources that an alias may lead to, and a static web app (Azure docs: alias records; apex domains of static web apps). */
const ALIAS_TARGETS =
	/\/providers\/Microsoft\.(?:Network\/(?:trafficManagerProfiles|frontDoors)|Cdn\/profiles\/[^/]+\/(?:endpoints|afdEndpoints)|Web\/staticSites)\/[^/]+$/i;
const ADDRESS = /\/providers\/Microsoft\.Network\/publicIPAddresses\/[^/]+$/i;

/** An alias leads to nothing outside Azure, and of records to one of its own type in its own zone, but not to `@` (azure-docs#114848). */
function checkAlias(target: string, type: string, zone: string, store: ArmStore): void {
	const own = `${zone}/${type}/`.toLowerCase();
	const isRecord = target.toLowerCase().startsWith(own) && !target.endsWith("/@");
	const isOther = ALIAS_TARGETS.test(target) || (type !== "CNAME" && ADDRESS.test(target));
	if (!["A", "AAAA", "CNAME"].includes(type) || !(isRecord || isOther)) {
		throw new ArmError(400, "BadRequest", `An alias record of type ${type} cannot lead to '${target}'.`);
	}
	if (isOther || store.find(target) !== undefined) return;
	throw new ArmError(404, "NotFound", `The target resource '${target}' could not be found.`);
}

function checkContent(inputs: RuleContext["inputs"], zone: string, store: ArmStore): void {
	const type = String(inputs.recordType);
	const alias = mapIn(inputs, "targetResource").id;
	if (alias !== undefined) {
		checkAlias(String(alias), type, zone, store);
		return;
	}
	if (type === "CNAME") {
		if (isName(mapIn(inputs, "cnameRecord").cname)) return;
		throw new ArmError(400, "BadRequest", "The record set of type CNAME has no record.");
	}
	const content = CONTENT[type];
	if (content === undefined) throw new ArmError(400, "BadRequest", `The record type '${type}' is not supported.`);
	const other = Object.keys(inputs).find((key) => key.endsWith("Records") && key !== content.key);
	if (other !== undefined)
		throw new ArmError(400, "BadRequest", `A record set of type ${type} cannot have '${other}'.`);
	const values = mapsIn(inputs, content.key);
	if (values.length === 0) throw new ArmError(400, "BadRequest", `The record set of type ${type} has no record.`);
	const most = type === "TXT" ? 400 : 20;
	if (values.length > most) throw new ArmError(400, "BadRequest", `A record set has at most ${most} records.`);
	const texts = values.map((value) => JSON.stringify(value).toLowerCase());
	const wrong = values.find((value, index) => !content.takes(value) || texts.indexOf(texts[index] ?? "") !== index);
	if (wrong !== undefined) {
		throw new ArmError(
			400,
			"BadRequest",
			`${JSON.stringify(wrong)} is not a record of type ${type}, or is there twice.`,
		);
	}
	if (type === "TXT") checkStrings(values.flatMap(({ value }) => value));
}

/** A string has one byte for its length (RFC 1035); all strings of a set have 4096 together (Azure docs: TXT records). */
function checkStrings(strings: readonly unknown[]): void {
	const lengths = strings.map((text) => Buffer.byteLength(String(text)));
	if (lengths.some((length) => length > 255)) {
		throw new ArmError(400, "BadRequest", "The record has a string with more than 255 characters.");
	}
	if (lengths.reduce((sum, length) => sum + length, 0) > 4096) {
		throw new ArmError(400, "BadRequest", "The record set has more than 4096 characters.");
	}
}
