/** Alias records on the engine: made after what they follow, changed into values and back, and gone before it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { succeed } from "../support/stage.ts";
import { openSeeded, subscription } from "./seeded.ts";

const at = (rest: string) =>
	`/subscriptions/${subscription}/resourceGroups/maple-dns/providers/Microsoft.Network/dnsZones/maple.example/${rest}`;

test("an alias that stands above what it follows is made after it, and goes before it", async (t) => {
	const { stage, azure } = await openSeeded(
		t,
		{
			environment: { handle: "maple-staging", stack: "shared-ca-central-1", phi: false },
			dns: {
				resourceGroup: { name: "maple-dns" },
				protect: false,
				zones: {
					maple: {
						domain: "maple.example",
						records: {
							apex: { name: "@", type: "A", alias: at("A/first") },
							first: { name: "first", type: "A", alias: at("a/www") },
							www: { name: "www", type: "A", values: ["203.0.113.9"] },
							theirs: { name: "theirs", type: "CNAME", target: "www.maple.example" },
						},
					},
				},
			},
		},
		[],
	);
	const targets = () =>
		azure.ofType("azure-native:dns:RecordSet").map(({ inputs }) => inputs.targetResource ?? inputs.aRecords);
	await succeed(stage.up());
	await succeed(stage.up("--expect-no-changes"));
	assert.deepEqual(targets().slice(0, 3), [
		{ id: at("A/first") },
		{ id: at("a/www") },
		[{ ipv4Address: "203.0.113.9" }],
	]);
	await stage.edit(({ dns }) => {
		const { records } = dns.zones.maple;
		records.apex = { name: "@", type: "A", values: ["203.0.113.9"] };
		delete records.first;
		records.www = { name: "www", type: "CNAME", alias: at("CNAME/theirs") };
	});
	await succeed(stage.up());
	await succeed(stage.up("--expect-no-changes"));
	assert.deepEqual(targets().slice(0, 2), [[{ ipv4Address: "203.0.113.9" }], undefined]);
	await succeed(stage.pulumi("destroy", "--yes", "--skip-preview"));
	assert.deepEqual(azure.ofType("azure-native:dns:RecordSet"), []);
});
