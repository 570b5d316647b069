/** Domains led to one side, on authoritative servers that may be behind, dead or lame; and the mistakes that are stopped before that. */
import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { type AuthoritySetup, startDnsWorld } from "@medstack-to-aptible/sandbox/dns/authority.ts";
import { parseStage } from "../../config/parse.ts";
import { openProvider } from "../../move/dns/open-provider.ts";
import { PointError, type PointOptions, pointDomains, refusePointing } from "../../move/dns/point.ts";
import { pointNotesFile, readPointNotes } from "../../move/dns/point-notes.ts";
import type { DnsProvider, WantedRecord } from "../../move/dns/provider.ts";
import { DnsReader, readServer } from "../../move/dns/reader.ts";
import { readTtlNotes, writeTtlNotes } from "../../move/dns/ttl-notes.ts";
import { refuseYoungTtl } from "../../move/dns/young-ttl.ts";
import type { StageDomain } from "../../move/plan/domains.ts";
import type { MoveStage } from "../../move/stage.ts";
import type { MovePhase } from "../../wire/move.ts";
import { absent, stageWith } from "../config/stage-file.ts";
import { subject } from "./plan/facts.ts";

const HOST = "elb-7.aptible.in";
const [ONE, TWO] = ["ns1.acme.example", "ns2.acme.example"];
const AT_TWO = `${TWO} (127.0.0.3)`;
const now = () => new Date("2026-12-05T02:00:00.000Z");

const soa = (serial: number) =>
	`acme.example 3600 SOA ns1.acme.example hostmaster.acme.example ${serial} 3600 600 86400 900`;
const stable = ["portal-old.acme.example 60 A 203.0.113.9", `portal-new.acme.example 60 CNAME ${HOST}`];
const old = [soa(7), ...stable, "portal.acme.example 60 CNAME portal-old.acme.example"];
const switched = [soa(8), ...stable, "portal.acme.example 60 CNAME portal-new.acme.example"];
const address = (ttl: number) => [soa(7), `portal.acme.example ${ttl} A 203.0.113.9`];

function stageFile(t: TestContext, phase: MovePhase): MoveStage {
	const folder = mkdtempSync(path.join(tmpdir(), "point-"));
	t.after(() => rmSync(folder, { recursive: true }));
	const move = { phase, from: { addresses: ["203.0.113.9"] }, databases: { main: {} } };
	const parse = (more: object) => parseStage(stageWith({ move, ...more }), { file: "Pulumi.prod.yaml" });
	return { name: "prod", folder, configFile: undefined, stage: parse({}), declared: parse({ move: absent }) };
}

interface Setting {
	/** Records of both servers, or of each one. */
	one: readonly string[] | AuthoritySetup;
	two?: readonly string[] | AuthoritySetup;
	phase?: MovePhase;
	domain?: Partial<StageDomain>;
}

async function open(t: TestContext, { one, two = one, phase = "live", domain = {} }: Setting) {
	const setupOf = (setup: readonly string[] | AuthoritySetup): AuthoritySetup =>
		"records" in setup ? setup : { records: setup };
	const world = await startDnsWorld({ "acme.example": { [ONE]: setupOf(one), [TWO]: setupOf(two) } });
	t.after(() => world.close());
	const lines: string[] = [];
	const wanted: WantedRecord[] = [];
	const moved = stageFile(t, phase);
	/** Writes what it is told to on both servers. */
	const provider: DnsProvider = {
		isWriting: true,
		put: async (_zone, record) => {
			wanted.push(record);
			return "written";
		},
	};
	const options: PointOptions = {
		to: "new",
		moved,
		domains: [{ ...subject, ...domain }],
		dns: new DnsReader({ resolvers: [readServer(world.resolver)], port: world.port, timeoutMs: 150 }),
		providerOf: async () => provider,
		tell: (line) => void lines.push(line),
		timing: { deadlineMs: 5_000, pollMs: 10 },
		now,
	};
	/** A provider that the servers follow, one of them later or not at all. */
	const follow = (name: string, records: readonly string[], later?: readonly string[]) => {
		provider.put = async (_zone, record) => {
			wanted.push(record);
			if (record.name !== name) return "unchanged";
			world.change(ONE, { records });
			if (later !== undefined) setTimeout(() => world.change(TWO, { records: later }), 100);
			return "written";
		};
	};
	return { world, lines, wanted, moved, options, follow, provider };
}

async function refused(promise: Promise<unknown>): Promise<string> {
	const error = await promise.then(
		() => assert.fail("it is not refused"),
		(reason: unknown) => reason,
	);
	assert.ok(error instanceof PointError, String(error));
	return error.message;
}

test("a domain is led to Aptible: its former record noted first, one value changed, the server that is behind named and waited for", async (t) => {
	const { options, follow, lines, wanted, moved } = await open(t, { one: old });
	const kept: boolean[] = [];
	follow("portal.acme.example", switched, switched);
	const [pointed] = await pointDomains({
		...options,
		note: async () => void kept.push(wanted.some(({ name }) => name === "portal.acme.example")),
	});
	assert.deepEqual(wanted, [
		{ name: "portal-new.acme.example", type: "CNAME", value: HOST, ttlSeconds: 60 },
		{ name: "portal.acme.example", type: "CNAME", value: "portal-new.acme.example", ttlSeconds: 60 },
	]);
	assert.deepEqual(kept, [false], "noted before it is changed");
	assert.deepEqual(readPointNotes(moved), [
		{
			at: now().toISOString(),
			domain: "portal.acme.example",
			to: "new",
			former: { CNAME: { ttlSeconds: 60, values: ["portal-old.acme.example"] } },
			target: "portal-new.acme.example",
		},
	]);
	assert.ok(
		lines.includes(
			`waiting for ${AT_TWO}, which has CNAME portal-old.acme.example for portal.acme.example instead of CNAME portal-new.acme.example (serial 7, others have 8)`,
		),
		lines.join("\n"),
	);
	assert.deepEqual(pointed, {
		domain: "portal.acme.example",
		target: "portal-new.acme.example",
		resolversUntil: new Date("2026-12-05T02:05:00.000Z"),
	});
	assert.match(
		lines.at(-1) ?? "",
		/on every authoritative server; resolvers may hold .* until 2026-12-05T02:05:00\.000Z \(reckoned with a TTL of 300 s\)/,
	);
});

test("killed after the change and run again, it notes and changes nothing, and waits for the rest", async (t) => {
	const { options, world, wanted, moved, follow } = await open(t, { one: old });
	follow("portal.acme.example", switched);
	const says = await refused(pointDomains({ ...options, timing: { deadlineMs: 50, pollMs: 10 } }));
	assert.match(says, /^not there after \d+ s: ns2\.acme\.example \(127\.0\.0\.3\), which has CNAME portal-old/);
	assert.match(says, /Go on with: npm run move -- point --to new --stack STACK$/);
	appendFileSync(pointNotesFile(moved), '{"at":"2026-12-05T02:0');
	setTimeout(() => world.change(TWO, { records: switched }), 50);
	await pointDomains(options);
	wanted.length = 0;
	await pointDomains(options);
	// The second was of a name that some servers had still.
	assert.equal(readPointNotes(moved).length, 2);
	assert.deepEqual(
		wanted.map(({ name }) => name),
		["portal-new.acme.example", "portal.acme.example"],
		"a host is asked, and finds that nothing is to be written",
	);
});

test("the way back changes the one value, whatever state the servers are in, and a dead one is named while it is waited for", async (t) => {
	const { options, world, follow, lines } = await open(t, {
		one: switched,
		two: { records: switched, fault: "dead" },
		phase: "frozen",
	});
	follow("portal.acme.example", old);
	const gone = new AbortController();
	const tell = (line: string) => {
		lines.push(line);
		if (line.includes("does not answer")) gone.abort();
	};
	const says = await refused(pointDomains({ ...options, to: "old", tell, signal: gone.signal }));
	assert.match(says, /^left: ns2\.acme\.example \(127\.0\.0\.3\), which does not answer within 150 ms/);
	world.change(TWO, { records: old });
	await pointDomains({ ...options, to: "old" });
	assert.match(lines.at(-1) ?? "", /leads to portal-old\.acme\.example on every/);
});

test("a domain that was never switched needs no way back, and nothing is made for it", async (t) => {
	const { options, wanted, lines } = await open(t, { one: address(3600), phase: "cancelled" });
	assert.deepEqual(await pointDomains({ ...options, to: "old" }), []);
	assert.deepEqual([wanted, lines], [[], ["portal.acme.example leads to MedStack already"]]);
});

test("in prepare an address becomes a CNAME, and its TTL is aged from then on", async (t) => {
	const { options, follow, moved, wanted } = await open(t, { one: address(3600), phase: "prepare" });
	follow("portal-old.acme.example", [...address(3600), ...stable], [...address(3600), ...stable]);
	const first = await options.providerOf("route53");
	const { put: putStable } = first;
	first.put = async (zone, record, mayReplace) => {
		assert.equal(mayReplace, true);
		if (record.name !== "portal.acme.example") return putStable(zone, record, mayReplace);
		follow("portal.acme.example", old, old);
		return first.put(zone, record, mayReplace);
	};
	await pointDomains({ ...options, to: "old" });
	assert.deepEqual(
		wanted.map(({ name, type, value }) => `${name} ${type} ${value}`),
		["portal-old.acme.example A 203.0.113.9", "portal.acme.example CNAME portal-old.acme.example"],
	);
	assert.equal(readTtlNotes(moved)["portal.acme.example"]?.safeFrom, "2026-12-05T03:00:00.000Z");
	const night = { ...options, now: () => new Date("2026-12-05T02:59:59.000Z") };
	assert.match(
		await refused(pointDomains(night)),
		/hold the former answer until 2026-12-05T03:00:00\.000Z; switch from then on$/,
	);
});

test("by hand, the record is printed for the DNS host, and whatever leads to the side is right", async (t) => {
	const { options, world, lines } = await open(t, {
		one: [soa(7), stable[0] ?? "", "portal.acme.example 60 CNAME portal-old.acme.example"],
	});
	const tell = (line: string) => {
		lines.push(line);
		// The person makes the one record, and then leads the domain to the host itself.
		const records = line.includes("the record portal ")
			? [soa(9), ...stable, `portal.acme.example 60 CNAME ${HOST}`]
			: old;
		if (line.startsWith("at the DNS host")) for (const server of [ONE, TWO]) world.change(server, { records });
	};
	await pointDomains({ ...options, tell, providerOf: (via) => openProvider(via, { env: {}, tell, hide: () => {} }) });
	assert.deepEqual(
		lines.filter((line) => line.startsWith("at the DNS host")),
		[
			`at the DNS host of acme.example: the record portal-new of type CNAME gets the value ${HOST}. and the TTL 60 (in a zone file: portal-new.acme.example. 60 IN CNAME ${HOST}.)`,
			"at the DNS host of acme.example: the record portal of type CNAME gets the value portal-new.acme.example. and the TTL 60 (in a zone file: portal.acme.example. 60 IN CNAME portal-new.acme.example.)",
		],
	);
});

/** Mistakes that are stopped before a switch, each with the line that says what to do. */
const mistakes: Readonly<Record<string, Setting & { says: RegExp }>> = {
	"a TTL that is long still": {
		one: [soa(7), ...stable, "portal.acme.example 3600 CNAME portal-old.acme.example"],
		says: /^portal\.acme\.example has a TTL of 3600 s, .*allowed: 300 or less\. (?:Set it to 60 at the DNS host|Go back to phase: prepare, whose `pulumi up --stack STACK` sets it), and switch 3600 s after that$/,
	},
	"a server that is behind": {
		one: old,
		two: [soa(6), ...stable, "portal.acme.example 60 CNAME acme.example"],
		says: /^portal\.acme\.example: its servers differ in the records: CNAME portal-old\.acme\.example on ns1\.acme\.example \(127\.0\.0\.2\); CNAME acme\.example on ns2.*; wait until all have the same, or ask who runs the one that is behind/,
	},
	"a server that is lame": {
		one: old,
		two: { records: old, fault: "lame" },
		says: /^ns2\.acme\.example \(127\.0\.0\.3\), of zone acme\.example, is no authority for acme\.example \(lame delegation\); have it repaired, or removed from the NS records of acme\.example$/,
	},
	"an address, which would become a CNAME": {
		one: address(60),
		says: /^portal\.acme\.example is A 203\.0\.113\.9 on ns1.*its name is gone for a moment, .*phase prepare, days before the night: npm run move -- point --to old --stack STACK/,
	},
	"records that cannot stand beside a CNAME": {
		one: [...address(60), 'portal.acme.example 60 TXT "v=spf1 -all"'],
		says: /^portal\.acme\.example has TXT records, which cannot stand beside a CNAME; move mail and verification to another name first/,
	},
	"an apex": {
		one: [soa(7), "acme.example 60 A 203.0.113.9"],
		domain: { domain: "acme.example" },
		says: /^acme\.example is the apex of its zone, which takes no CNAME; change its ALIAS or ANAME record by hand, and remove it from move\.domains$/,
	},
	"CAA records that do not admit Let's Encrypt": {
		one: [...old, 'acme.example 60 CAA 0 issue "digicert.com"'],
		says: /^the CAA records of acme\.example \(0 issue "digicert\.com"\) forbid Let's Encrypt.*add/,
	},
	"a domain that leads to somebody else's address": {
		one: [soa(7), ...stable, "portal.acme.example 60 CNAME other.acme.example", "other.acme.example 60 A 198.51.100.7"],
		says: /^portal\.acme\.example leads to 198\.51\.100\.7, which is neither MedStack \(203\.0\.113\.9 by move\.domains\) nor Aptible; correct from in the stage file, or find out who changed the record$/,
	},
	"a domain that leads to another name": {
		one: [soa(7), ...stable, "portal.acme.example 60 CNAME other.acme.example", "other.acme.example 60 A 203.0.113.9"],
		says: /^portal\.acme\.example leads to other\.acme\.example on ns1.*; allowed: portal-old\.acme\.example, portal-new\.acme\.example, /,
	},
	"a wildcard that answers in its place": {
		one: [soa(7), ...stable, "*.acme.example 60 CNAME portal-old.acme.example"],
		says: /^portal\.acme\.example has no record of its own: what answers is the wildcard \*\.acme\.example, which has the same value; that is done in the phase prepare/,
	},
	"a domain without a record": {
		one: [soa(7), ...stable],
		says: /^portal\.acme\.example has no record on ns1.*; that is done in the phase prepare/,
	},
	"servers that are all dead": {
		one: { records: old, fault: "refused" },
		says: /^portal\.acme\.example: no authoritative server of acme\.example answers: ns1\.acme\.example \(127\.0\.0\.2\) refuses the question/,
	},
};

for (const [title, { says, ...setting }] of Object.entries(mistakes)) {
	test(`nothing is changed before the night for ${title}`, async (t) => {
		for (const via of ["manual", "azure"] as const) {
			const domain = { moved: { via, from: "203.0.113.9" }, ...setting.domain };
			const { options, wanted, moved } = await open(t, { ...setting, domain });
			assert.match(await refused(refusePointing(options)), says, via);
			if (via === "azure") continue;
			assert.match(await refused(pointDomains(options)), says);
			assert.deepEqual([wanted, readPointNotes(moved)], [[], []]);
		}
	});
}

test("a domain that the stack has changed is waited for, and one whose TTL was lowered lately is not switched", async (t) => {
	const { options, moved } = await open(t, { one: switched, domain: { moved: { via: "azure", from: "203.0.113.9" } } });
	const [pointed] = await pointDomains({
		...options,
		providerOf: async () => ({ isWriting: false, put: async () => assert.fail() }),
	});
	assert.equal(pointed?.resolversUntil.toISOString(), "2026-12-05T02:05:00.000Z");
	const [first] = options.domains;
	assert.ok(first);
	const young = { moved, domains: options.domains, dns: options.dns, now: now() };
	assert.deepEqual(await refuseYoungTtl(young), [], "it is switched");

	const other = await open(t, { one: old });
	const at = { moved: other.moved, domains: other.options.domains, dns: other.options.dns };
	const [unknown, ...more] = await refuseYoungTtl({ ...at, now: now() });
	assert.match(unknown ?? "", /has a TTL of 60 s, seen first at 2026-12-05T02:00:00\.000Z, and no longer one was seen/);
	assert.deepEqual(more, []);
	const note = { ttlSeconds: 60, seen: "2026-12-05T01:30:00.000Z", safeFrom: "2026-12-05T02:30:00.000Z" };
	writeTtlNotes(other.moved, { "portal.acme.example": note });
	await assert.rejects(refuseYoungTtl({ ...at, now: now() }), /until 2026-12-05T02:30:00\.000Z; switch from then on$/);
	assert.deepEqual(await refuseYoungTtl({ ...at, now: new Date(note.safeFrom) }), []);
});
