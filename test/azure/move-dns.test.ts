/** The records of a domain that moves, as they are registered in each phase, and what of the state stands in their way. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { declareDns } from "../../components/azure/dns-load.ts";
import { keepNewNames, refuseLostOldName, refuseNewType } from "../../components/azure/dns-moved.ts";
import { noNames } from "../../components/azure/own-names.ts";
import type { Dns } from "../../config/azure/dns.ts";
import type { Move } from "../../config/move.ts";
import { parseStage } from "../../config/parse.ts";
import type { RecordedResource } from "../../drift/recorded.ts";
import type { MovePhase } from "../../wire/move.ts";
import { stageWith } from "../config/stage-file.ts";
import { register } from "./registrations.ts";

process.env.ARM_USE_DEFAULT_AZURE_CREDENTIAL = "true";

const HOST = "elb-portal-7.aptible.in";

function stageIn(phase: MovePhase | undefined, from = "203.0.113.9"): { dns: Dns; move: Move | undefined } {
	const { dns, move } = parseStage(
		stageWith({
			"apps/portal/endpoints/public": {
				service: "web",
				kind: "https",
				domain: "portal.acme.example",
				managedTls: true,
			},
			dns: {
				resourceGroup: { name: "acme-dns" },
				zones: {
					acme: {
						domain: "acme.example",
						records: { portal: { name: "portal", type: "CNAME", endpoint: "portal.public", ttlSeconds: 300 } },
					},
				},
			},
			...(phase === undefined
				? {}
				: {
						move: {
							phase,
							from: { addresses: ["203.0.113.9"] },
							databases: { main: {} },
							domains: { "portal.acme.example": { via: "azure", from } },
						},
					}),
		}),
		{ file: "Pulumi.test.yaml" },
	);
	return { dns: dns ?? assert.fail(), move };
}

/** Content of each record set by its name, and on what it waits. */
async function recordsOf(dns: Dns): Promise<Record<string, unknown>> {
	const app = { endpoints: { public: { hostname: pulumi.output(HOST) } } };
	const { all } = await register(() => declareDns({ dns, names: noNames }, { portal: app } as never));
	return Object.fromEntries(
		all("dns:RecordSet").map(({ name, inputs: { recordType, ttl, aRecords, cnameRecord } }) => [
			name,
			`${ttl} ${recordType} ${cnameRecord?.cname ?? aRecords[0].ipv4Address}`,
		]),
	);
}

test("from one phase to the next the value of one record changes, at live, and no type", async () => {
	const before = {
		"dns-acme-portal-old": "60 A 203.0.113.9",
		"dns-acme-portal-new": `60 CNAME ${HOST}`,
		"dns-acme-portal": "60 CNAME portal-old.acme.example",
	};
	for (const phase of ["prepare", "frozen", "trial"] as const) {
		assert.deepEqual(await recordsOf(stageIn(phase).dns), before, phase);
	}
	const live = await recordsOf(stageIn("live").dns);
	assert.deepEqual(live, { ...before, "dns-acme-portal": "60 CNAME portal-new.acme.example" });
	// In this order: a domain leads to nothing that is not there.
	assert.deepEqual(Object.keys(live), Object.keys(before));
	assert.deepEqual(await recordsOf(stageIn(undefined).dns), { "dns-acme-portal": `300 CNAME ${HOST}` });
});

const recorded = (types: Readonly<Record<string, string>>, cnames: Readonly<Record<string, string>> = {}) =>
	Object.entries(types).map(
		([name, type]): RecordedResource => ({
			type: "azure-native:dns:RecordSet",
			name: `dns-acme-${name}`,
			id: `/subscriptions/s/resourceGroups/acme-dns/providers/Microsoft.Network/dnsZones/acme.example/${type}/${name}`,
			...(cnames[name] === undefined ? {} : { cname: cnames[name] }),
		}),
	);

function refusal(phase: MovePhase, types: Readonly<Record<string, string>>, from?: string): string {
	const { dns, move } = stageIn(phase, from);
	try {
		refuseNewType(dns, move ?? assert.fail(), recorded(types));
		return "";
	} catch (error) {
		return (error as Error).message;
	}
}

test("an address becomes a CNAME in prepare, and in no later phase", () => {
	const whole = { portal: "CNAME", "portal-old": "A", "portal-new": "CNAME" };
	for (const phase of ["frozen", "trial", "live"] as const) {
		assert.equal(refusal(phase, whole), "", phase);
		assert.match(
			refusal(phase, { ...whole, portal: "A" }),
			/^move\.domains\["portal\.acme\.example"\]: dns\.zones\.acme\.records\.portal is of type A and would become CNAME, .* done in the phase "prepare" alone, days before the night: go back to it by npm run move -- switch frozen --stack STACK, then switch prepare$/,
		);
		assert.match(
			refusal(phase, { portal: "CNAME" }),
			/records\.portal-old is not made yet[\s\S]*records\.portal-new is not made/,
		);
		assert.match(refusal(phase, whole, "acme.medstack.example"), /portal-old is of type A and would become CNAME/);
	}
	assert.equal(refusal("prepare", { portal: "A" }), "");
});

test("the name of the old side stays in the file for as long as people come over it, whatever is written of the domain", () => {
	const types = { portal: "CNAME", "portal-old": "A", "portal-new": "CNAME" };
	const state = recorded(types, { portal: "portal-old.acme.example" });
	const lose = (phase: MovePhase, records: Dns["zones"][string]["records"], before = state) => {
		const { dns, move = assert.fail() } = stageIn("frozen");
		const zones = Object.fromEntries(Object.entries(dns.zones).map(([key, zone]) => [key, { ...zone, records }]));
		return () => refuseLostOldName({ ...dns, zones }, { ...move, phase }, before);
	};
	const own = stageIn("frozen").dns.zones.acme?.records ?? assert.fail();
	const { "portal-old": _, ...others } = own;
	for (const phase of ["prepare", "frozen", "trial", "cancelled"] as const) {
		for (const records of [others, {}]) {
			assert.throws(
				lose(phase, records),
				/^Error: dns\.zones\.acme\.records\.portal-old is in the stack and not in the file, and portal\.acme\.example leads to MedStack by it; .* write via: azure for portal\.acme\.example under move\.domains again, or both records as they are: portal with target: portal-old\.acme\.example, and portal-old$/,
			);
		}
		lose(phase, own)();
	}
	lose("live", others)();
	// Nobody comes over it.
	lose("frozen", others, recorded(types, { portal: HOST }))();
	const another = {
		type: "azure-native:network:PublicIPAddress",
		name: "dns-acme-portal-old",
		id: "/subscriptions/s/x",
	};
	lose("frozen", others, [...recorded({ portal: "CNAME" }, { portal: "portal-old.acme.example" }), another])();
	assert.match(refusal("frozen", { portal: "CNAME", "portal-new": "CNAME" }), /portal-old is not made yet/);
});

test("the name of the new side outlives the block by one run where the domain still leads to it", async () => {
	const { dns } = stageIn(undefined);
	const types = { portal: "CNAME", "portal-old": "A", "portal-new": "CNAME" };
	const led = keepNewNames(dns, recorded(types, { portal: "portal-new.acme.example", "portal-new": HOST }));
	assert.deepEqual(await recordsOf(led), {
		"dns-acme-portal": `300 CNAME ${HOST}`,
		"dns-acme-portal-new": `60 CNAME ${HOST}`,
	});
	const next = keepNewNames(dns, recorded(types, { portal: HOST, "portal-new": HOST }));
	assert.deepEqual(next, dns);
});
