/** Bounds of CORS, lifecycles, records, tags and deletions that Azure documents, in the emulated one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { lockRetention } from "@medstack-to-aptible/sandbox/azure/worm-rules.ts";
import type { PropertyMap } from "@medstack-to-aptible/sandbox/plugins/property-value.ts";
import { openCloud } from "./open-cloud.ts";

const { store, cloud } = await openCloud();

const group = { resourceGroupName: "files" };
const place = { ...group, accountName: "acmefiles" };
const groupId = "/subscriptions/sub/resourceGroups/files";
const accountId = `${groupId}/providers/Microsoft.Storage/storageAccounts/acmefiles`;
const zoneId = `${groupId}/providers/Microsoft.Network/dnsZones/acme.example`;
const type = (name: string) => `azure-native:${name}`;
await cloud.create(type("resources:ResourceGroup"), { ...group, location: "canadacentral" });
const account = { ...place, location: "canadacentral", kind: "StorageV2", sku: { name: "Standard_GRS" } };
await cloud.create(type("storage:StorageAccount"), account);
await cloud.create(type("dns:Zone"), { ...group, zoneName: "acme.example", location: "Global" });

const refuses = (name: string, inputs: PropertyMap, message: RegExp) =>
	assert.rejects(
		cloud.create(type(name), inputs),
		(error: Error) => message.test(error.message) || assert.fail(error.message),
	);

test("a CORS rule names an origin and a method, and all together are no longer than Azure takes", async () => {
	const rule = {
		allowedOrigins: ["https://a.example"],
		allowedMethods: ["GET"],
		allowedHeaders: ["*"],
		exposedHeaders: ["x-ms-meta-*"],
		maxAgeInSeconds: 0,
	};
	const service = (...corsRules: PropertyMap[]) => ({ ...place, blobServicesName: "default", cors: { corsRules } });
	const headers = (count: number, form: (index: number) => string) => Array.from({ length: count }, (_, i) => form(i));
	for (const more of [
		{ allowedOrigins: [] },
		{ allowedMethods: [] },
		{ allowedOrigins: headers(65, (i) => `https://${i}.example`) },
		{ allowedOrigins: [`https://${"a".repeat(260)}.example`] },
		{ allowedHeaders: ["x-a-*", "x-b-*", "x-c-*"] },
		{ exposedHeaders: headers(65, (i) => `x-${i}`) },
		{ allowedHeaders: ["x".repeat(257)] },
		{ allowedOrigins: headers(60, (i) => `https://portal-number-${i}.acme.example`) },
	]) {
		await refuses("storage:BlobServiceProperties", service({ ...rule, ...more }), /Code="InvalidXml/);
	}
	await cloud.create(type("storage:BlobServiceProperties"), service(rule));
});

test("a lifecycle rule has a name and blob types", async () => {
	const rule = (more: PropertyMap, filters: PropertyMap = {}) => ({
		...place,
		managementPolicyName: "default",
		policy: {
			rules: [
				{
					name: "old",
					enabled: true,
					type: "Lifecycle",
					definition: {
						filters: { blobTypes: ["blockBlob"], ...filters },
						actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: 1 } } },
					},
					...more,
				},
			],
		},
	});
	await refuses("storage:ManagementPolicy", rule({ name: "old_ones" }), /'old_ones' .* alphanumeric/);
	await refuses("storage:ManagementPolicy", rule({ name: "x".repeat(257) }), /alphanumeric/);
	await refuses("storage:ManagementPolicy", rule({}, { blobTypes: [] }), /needs blob types/);
	await cloud.create(type("storage:ManagementPolicy"), rule({}, { prefixMatch: ["documents/x"] }));
});

const record = (recordType: string, relativeRecordSetName: string, content: PropertyMap) => ({
	...group,
	zoneName: "acme.example",
	recordType,
	relativeRecordSetName,
	ttl: 60,
	...content,
});
const alias = (recordType: string, name: string, id: string) => record(recordType, name, { targetResource: { id } });

test("texts are bounded over the whole set, names with their zone, services by their form", async () => {
	const texts = (...values: string[]) =>
		record("TXT", "txt", {
			txtRecords: values.map((value) => ({ value: value.match(/.{1,255}/g) ?? [] })),
		});
	await refuses("dns:RecordSet", texts("x".repeat(4000), "y".repeat(97)), /more than 4096 characters/);
	await refuses("dns:RecordSet", texts(...Array.from({ length: 401 }, (_, i) => `t${i}`)), /at most 400 records/);
	await cloud.create(type("dns:RecordSet"), texts(...Array.from({ length: 400 }, (_, i) => `t${i}`)));
	await refuses(
		"dns:RecordSet",
		record("TXT", "empty", { txtRecords: [{ value: [""] }] }),
		/is not a record of type TXT/,
	);
	const srvRecords = [{ priority: 1, weight: 1, port: 1, target: "a.example" }];
	await refuses("dns:RecordSet", record("SRV", "sip", { srvRecords }), /service and protocol/);
	const long = record("A", `${"a".repeat(60)}.`.repeat(4).slice(0, -1), { aRecords: [{ ipv4Address: "203.0.113.1" }] });
	await refuses("dns:RecordSet", long, /more than 253 characters/);
	const caaRecords = [{ flags: 0, tag: "issue", value: "x".repeat(1025) }];
	await refuses("dns:RecordSet", record("CAA", "@", { caaRecords }), /of type CAA/);
});

test("an alias follows a record of its own type in its own zone, which is there", async () => {
	const www = `${zoneId}/A/www`;
	await refuses("dns:RecordSet", alias("A", "@", www), /'.*\/A\/www' could not be found/);
	await cloud.create(type("dns:RecordSet"), record("A", "www", { aRecords: [{ ipv4Address: "203.0.113.1" }] }));
	await refuses("dns:RecordSet", alias("AAAA", "@", www), /cannot lead to/);
	await refuses("dns:RecordSet", alias("A", "@", www.replace("acme.example", "acme.test")), /cannot lead to/);
	const address = `${groupId}/providers/Microsoft.Network/publicIPAddresses/ip`;
	await refuses("dns:RecordSet", alias("CNAME", "ip", address), /cannot lead to/);
	await cloud.create(type("dns:RecordSet"), alias("A", "@", www));
	await refuses("dns:RecordSet", alias("A", "back", `${zoneId}/A/@`), /cannot lead to/);
});

test("names of tags have no control characters", async () => {
	const inputs = { ...group, resourceGroupName: "other", location: "canadacentral" };
	await refuses("resources:ResourceGroup", { ...inputs, tags: { "a\tb": "x" } }, /Code="InvalidTagNameCharacters"/);
	await refuses("resources:ResourceGroup", { ...inputs, tags: { " ": "x" } }, /Code="InvalidTagName"/);
});

test("a container with a retention or a hold is not deleted, and neither is an account while it has blobs", async () => {
	for (const name of ["documents", "scans"]) {
		const inputs = { ...place, containerName: name };
		store.save({
			id: `${accountId}/blobServices/default/containers/${name}`,
			token: type("storage:BlobContainer"),
			inputs,
			state: inputs,
		});
	}
	const refused = /Status=409 Code="ContainerImmutabilityPolicyFailure"/;
	const retention = { ...place, containerName: "documents", immutabilityPolicyName: "default" };
	const { id } = await cloud.create(type("storage:BlobContainerImmutabilityPolicy"), {
		...retention,
		immutabilityPeriodSinceCreationInDays: 1,
	});
	await assert.rejects(cloud.remove(`${accountId}/blobServices/default/containers/documents`), refused);
	lockRetention(store, store.find(id) ?? assert.fail());
	await assert.rejects(cloud.remove(`${accountId}/blobServices/default/containers/documents`), refused);
	await cloud.create(type("storage:BlobContainerLegalHold"), { ...place, containerName: "scans", tags: ["case1"] });
	await assert.rejects(cloud.remove(`${accountId}/blobServices/default/containers/scans`), refused);
});
