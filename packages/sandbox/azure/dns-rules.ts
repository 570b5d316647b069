import { isIPv4 } from "node:net";
import { ArmError } from "./arm-error.ts";
import { mapIn, mapsIn, type RuleContext } from "./arm-values.ts";
import { requireGroup } from "./storage-rules.ts";

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
	const twin = store.below(zone).find((other) => {
		const same = String(other.inputs.relativeRecordSetName).toLowerCase() === String(name).toLowerCase();
		return same && other.inputs.recordType !== type && [type, other.inputs.recordType].includes("CNAME");
	});
	if (twin !== undefined) {
		const message = `The record could not be created because a record set of type ${twin.inputs.recordType} with the same name exists, and a CNAME stands alone.`;
		throw new ArmError(409, "Conflict", message);
	}
	const ttl = Number(inputs.ttl);
	if (mapIn(inputs, "targetResource").id === undefined && !(Number.isInteger(ttl) && ttl >= 1 && ttl <= 2147483647)) {
		throw new ArmError(400, "BadRequest", `The TTL '${inputs.ttl}' has to be between 1 and 2147483647.`);
	}
	checkContent(inputs);
}

function checkContent(inputs: RuleContext["inputs"]): void {
	if (mapIn(inputs, "targetResource").id !== undefined) return;
	const addresses = mapsIn(inputs, "aRecords").map(({ ipv4Address }) => String(ipv4Address));
	const content = {
		A: addresses.length,
		CNAME: Number(mapIn(inputs, "cnameRecord").cname !== undefined),
		TXT: mapsIn(inputs, "txtRecords").length,
	};
	const type = String(inputs.recordType);
	if (content[type as keyof typeof content] === 0) {
		throw new ArmError(400, "BadRequest", `The record set of type ${type} has no record.`);
	}
	for (const { value } of mapsIn(inputs, "txtRecords")) checkStrings(value);
	const wrong = addresses.find((address) => !isIPv4(address));
	if (wrong !== undefined) throw new ArmError(400, "BadRequest", `'${wrong}' is not an IPv4 address.`);
}

/** A string has one byte for its length (RFC 1035); all strings of a record have 4096 together (terraform-provider-azurerm#2826, #24152). */
function checkStrings(value: unknown): void {
	const lengths = (Array.isArray(value) ? value : [value]).map((text) => Buffer.byteLength(String(text)));
	if (lengths.some((length) => length > 255)) {
		throw new ArmError(400, "BadRequest", "The record has a string with more than 255 characters.");
	}
	if (lengths.reduce((sum, length) => sum + length, 0) > 4096) {
		throw new ArmError(400, "BadRequest", "The record has more than 4096 characters.");
	}
}
