/** Where the records of a domain that moves through Azure DNS lead in each phase, and which domains cannot. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DnsRecord } from "../../config/azure/dns.ts";
import { parseStage } from "../../config/parse.ts";
import { type MovePhase, movePhases } from "../../wire/move.ts";
import { problemsOf, testRefused } from "./refused.ts";
import { stageWith } from "./stage-file.ts";

const DOMAIN = "portal.acme.example";
const at = `move.domains["${DOMAIN}"]`;
const portal = { name: "portal", type: "CNAME", endpoint: "portal.public" };
const docs = { name: "docs", type: "CNAME", target: "acme.github.io" };

interface Change {
	phase?: MovePhase;
	via?: string;
	from?: string;
	domain?: string;
	records?: Record<string, unknown>;
	zones?: Record<string, unknown>;
	more?: Record<string, unknown>;
}

function changeOf({
	phase = "prepare",
	via = "azure",
	from = "203.0.113.9",
	domain = DOMAIN,
	records,
	zones,
	more,
}: Change) {
	return {
		"apps/portal/endpoints/public": { service: "web", kind: "https", domain, managedTls: true },
		dns: {
			resourceGroup: { name: "acme-dns" },
			zones: zones ?? { acme: { domain: "acme.example", records: records ?? { portal, docs } } },
		},
		move: {
			phase,
			from: { addresses: ["203.0.113.9"] },
			databases: { main: {} },
			domains: { [domain]: { via, from } },
		},
		...more,
	};
}

const recordsOf = (change: Change): Record<string, DnsRecord> =>
	parseStage(stageWith(changeOf(change)), { file: "Pulumi.test.yaml" }).dns?.zones.acme?.records ?? {};

const plain = { ttlSeconds: 60, challenge: false, import: false };
const stable = {
	"portal-old": { name: "portal-old", type: "A", values: ["203.0.113.9"], ...plain },
	"portal-new": { name: "portal-new", type: "CNAME", endpoint: "portal.public", ...plain },
};
const leads = (side: string) => ({
	name: "portal",
	type: "CNAME",
	target: `portal-${side}.acme.example`,
	...plain,
	after: `portal-${side}`,
});

test("each phase leads the domain to one of two names that stay, and nothing else changes from one to the next", () => {
	const sides = { prepare: "old", frozen: "old", trial: "old", live: "new" } as const;
	for (const [phase, side] of Object.entries(sides)) {
		const { docs: other, ...own } = recordsOf({ phase: phase as MovePhase });
		assert.deepEqual(own, { ...stable, portal: leads(side) }, phase);
		assert.deepEqual(other, { ...docs, ttlSeconds: 3600, challenge: false, import: false }, phase);
	}
});

test("the old side may be a host name, and a TTL that is lower already stays", () => {
	const records = { portal: { ...portal, ttlSeconds: 30 } };
	const { "portal-old": old } = recordsOf({ from: "acme.medstack.example", records });
	assert.deepEqual(old, {
		name: "portal-old",
		type: "CNAME",
		target: "acme.medstack.example",
		...plain,
		ttlSeconds: 30,
	});
});

test("without via: azure every record is as declared, in each phase", () => {
	for (const phase of movePhases) {
		const records = { portal: { name: "portal", type: "A", values: ["203.0.113.9"] }, docs };
		assert.deepEqual(Object.keys(recordsOf({ phase, via: "manual", records })), ["portal", "docs"], phase);
	}
});

const back = {
	portal: { name: "portal", type: "CNAME", target: "portal-old.acme.example.", ttlSeconds: 60 },
	"portal-old": { name: "portal-old", type: "A", values: ["203.0.113.9"], ttlSeconds: 60 },
};

test("a record of a domain that moves by hand may lead to its endpoint in live, and never before", () => {
	const change = (phase: MovePhase, record: object = portal) => changeOf({ phase, via: "manual", records: { record } });
	assert.deepEqual(problemsOf(stageWith(change("live"))), []);
	assert.deepEqual(
		problemsOf(stageWith(change("trial", { ...portal, challenge: true, name: "_acme-challenge.portal" }))),
		[],
	);
	for (const phase of ["prepare", "frozen", "trial", "cancelled"] as const) {
		assert.deepEqual(problemsOf(stageWith(change(phase))), [
			`Pulumi.test.yaml: ${at}.via: "manual" stands beside dns.zones.acme.records.record, which would lead portal.acme.example to Aptible by the next update, before live; write via: azure, or have that record lead to MedStack, without endpoint, until live`,
		]);
	}
});

test("the records of cancelled may stand there in frozen, so that the switch changes the phase alone, and in no other phase", () => {
	const { docs: _, ...own } = recordsOf({ phase: "frozen", records: { ...back, docs } });
	assert.deepEqual(own, recordsOf({ phase: "cancelled", records: back }));
	for (const phase of ["prepare", "trial", "live"] as const) {
		assert.match(
			problemsOf(stageWith(changeOf({ phase, records: back }))).join(),
			/needs the record that .* has in the end/,
		);
	}
	const elsewhere = { ...back, portal: { ...back.portal, target: "elsewhere.acme.example" } };
	const said = problemsOf(stageWith(changeOf({ phase: "frozen", records: elsewhere }))).join();
	assert.match(said, /needs the record that .* has in the end/);
});

test("cancelled has the records as the file says them, so that the removal of the block changes none", () => {
	const change = changeOf({ phase: "cancelled", records: back });
	const { move: _, ...without } = change;
	const read = (raw: object) => parseStage(stageWith({ ...raw }), { file: "Pulumi.test.yaml" }).dns;
	assert.deepEqual(read(change), read(without));
});

test("the records of another host are its own", () => {
	assert.deepEqual(problemsOf(stageWith(changeOf({ via: "route53", records: { docs } }))), []);
	assert.deepEqual(problemsOf(stageWith(changeOf({ via: "manual", domain: "*.acme.example", records: { docs } }))), []);
});

const long = `${"a".repeat(60)}.acme.example`;

testRefused({
	"a domain in no zone of the file": {
		change: changeOf({ zones: { other: { domain: "other.example" } } }),
		says: [
			`${at}.via: "azure" needs the zone of portal.acme.example under dns.zones; declared: other.example; add it, or write via: manual`,
		],
	},
	"an apex": {
		change: changeOf({ domain: "acme.example", records: { docs } }),
		says: [
			'move.domains["acme.example"]: "acme.example" is the apex of its zone, which takes no CNAME, and Aptible gives a host name and no address; lead people to a name below it by a redirect, or host the zone where there is an ALIAS record, and remove it here',
		],
	},
	"a wildcard": {
		change: changeOf({ via: "cloudflare", domain: "*.acme.example", records: { docs } }),
		says: [
			'move.domains["*.acme.example"]: "*.acme.example" is a wildcard, and a record of its own below it stands outside of it; give each host name an endpoint, or write via: manual and change the wildcard\'s record by hand',
		],
	},
	"a label with no room for -old": {
		change: changeOf({ domain: long, records: { portal: { ...portal, name: "a".repeat(60) } } }),
		says: [
			`move.domains["${long}"]: "${long}" makes the label ${"a".repeat(60)}-old, which has 64 characters; allowed: 63; lead people over a shorter name, or remove it here and change its record by hand`,
		],
	},
	"no record that the domain has in the end": {
		change: changeOf({ records: { docs } }),
		says: [
			`${at}.via: "azure" needs the record that portal.acme.example has in the end, dns.zones.acme.records.portal: { name: portal, type: CNAME, endpoint: portal.public }; until live it leads to MedStack by portal-old.acme.example`,
		],
	},
	"an address that would stay one": {
		change: changeOf({ records: { www: { name: "portal", type: "A", values: ["203.0.113.9"] } } }),
		says: [
			`${at}.via: "azure" needs the record that portal.acme.example has in the end, dns.zones.acme.records.www: { name: portal, type: CNAME, endpoint: portal.public }; until live it leads to MedStack by portal-old.acme.example`,
		],
	},
	"a record that is only imported": {
		change: {
			...changeOf({}),
			dns: {
				subscription: "0f3c6a52-8b1e-4c07-9d2a-5e6f7a8b9c0d",
				resourceGroup: { name: "acme-dns", existing: true },
				zones: {
					acme: { domain: "acme.example", existing: "reference", records: { portal: { ...portal, import: true } } },
				},
			},
		},
		says: [
			"dns.zones.acme.records.portal.import: true keeps the record as it is, and no phase could change it; take it over first: without the move block run `pulumi up`, remove the line, and run it again",
		],
	},
	"a record that has the name of the old side": {
		change: changeOf({ records: { portal, other: { name: "portal-old", type: "TXT", values: ["x"] } } }),
		says: [
			'dns.zones.acme.records.other: "other" stands where the move of portal.acme.example makes its own record portal-old (portal-old.acme.example); remove it, or give it another name',
		],
	},
	"a record under the key of the new side": {
		change: changeOf({ records: { portal, "portal-new": docs } }),
		says: [
			'dns.zones.acme.records.portal-new: "portal-new" stands where the move of portal.acme.example makes its own record portal-new (portal-new.acme.example); remove it, or give it another name',
		],
	},
	"a name of the new side that is an endpoint's domain": {
		change: changeOf({
			via: "route53",
			records: { docs },
			more: {
				"apps/portal/endpoints/other": {
					service: "web",
					kind: "https",
					domain: "portal-new.acme.example",
					managedTls: true,
				},
			},
		}),
		says: [
			`${at}: "portal.acme.example" needs the name portal-new.acme.example for the move, which is the domain of portal.other; give that endpoint another domain, or write via: manual`,
		],
	},
	"another host beside a record in Azure": {
		change: changeOf({ via: "route53" }),
		says: [
			`${at}.via: "route53" stands beside dns.zones.acme.records.portal, which is in Azure DNS; write via: azure, or remove that record from the file`,
		],
	},
	"cancelled with a record that would lead to Aptible without the block": {
		change: changeOf({ phase: "cancelled" }),
		says: [
			`${at}.via: "azure" needs the records as they stay without the move in the phase cancelled, or the removal of the block would lead portal.acme.example to Aptible: in dns.zones.acme.records write portal: { name: portal, type: CNAME, target: portal-old.acme.example, ttlSeconds: 60 } and portal-old: { name: portal-old, type: A, values: [203.0.113.9], ttlSeconds: 60 }; they may stand there in frozen already, before npm run move -- switch cancelled --stack STACK`,
		],
	},
});
