import { compareLists, step } from "./change.ts";
import { describeInputs, type Inputs, listAt, textAt } from "./inputs.ts";

/** Whole name of a record. */
export function nameRecord(inputs: Inputs): string {
	const [name, zone] = [textAt(inputs, "relativeRecordSetName"), textAt(inputs, "zoneName")];
	return name === "@" ? zone : `${name}.${zone}`;
}

/** What a change does to a record: whoever has asked for it keeps the old answer until its TTL is over. */
export function describeRecord(before: Inputs | undefined, after: Inputs): string[] {
	if (before === undefined) return [`new, ${leadsTo(after)}, TTL ${textAt(after, "ttl")} s`];
	const [was, is] = [contentOf(before), contentOf(after)];
	const isOne = was.length === 1 && is.length === 1;
	const content = isOne ? `${textAt(after, "recordType")} ${step(was[0], is[0])}` : compareLists(was, is).join(", ");
	const isSame = JSON.stringify(was) === JSON.stringify(is);
	return [
		...(isSame ? [] : [`${content}, resolvers keep the old answer for up to ${textAt(before, "ttl")} s`]),
		...describeInputs(before, after, {
			...Object.fromEntries(["targetResource", ...contents.map(([name]) => name)].map((name) => [name, () => []])),
			ttl: (old, now) => [`TTL ${step(old, now)} s`],
		}),
	];
}

/** Another type or name: Azure has the old record deleted first (facts/azure.md §5). */
export function describeReplacedRecord(before: Inputs, after: Inputs): string {
	const name = nameRecord(before) === nameRecord(after) ? "" : `${nameRecord(after)}, `;
	return `IS REPLACED by ${name}${leadsTo(after)}: ${leadsTo(before)} is deleted first, and resolvers may keep for a while that it is gone`;
}

/** What no longer resolves. */
export function describeRemovedRecord(inputs: Inputs): string {
	return `IS DELETED: ${leadsTo(inputs)} is answered no more`;
}

/** `CNAME elb-portal-1.aptible.in`. */
function leadsTo(inputs: Inputs): string {
	return `${textAt(inputs, "recordType")} ${contentOf(inputs).join(", ")}`;
}

/** The lists of a record set, each with the fields of one value in the order of a zone file. */
const contents: readonly (readonly [list: string, ...fields: string[]])[] = [
	["aRecords", "ipv4Address"],
	["aaaaRecords", "ipv6Address"],
	["caaRecords", "flags", "tag", "value"],
	["mxRecords", "preference", "exchange"],
	["nsRecords", "nsdname"],
	["srvRecords", "priority", "weight", "port", "target"],
	["txtRecords", "value"],
	["cnameRecord", "cname"],
];

function contentOf(inputs: Inputs): string[] {
	const alias = textAt(inputs, "targetResource.id");
	if (alias !== "none") return [`alias of ${alias.split("/").at(-1)}`];
	return contents.flatMap(([list, ...fields]) => {
		const values = list === "cnameRecord" && inputs[list] != null ? [inputs[list]] : listAt(inputs, list);
		return values.map((value) => fields.map((field) => listOrText(value, field)).join(" "));
	});
}

/** The strings of a text, which resolvers join. */
function listOrText(value: unknown, field: string): string {
	const strings = listAt(value, field);
	return strings.length === 0 ? textAt(value, field) : `"${strings.join("")}"`;
}
