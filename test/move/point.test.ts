/** Domains led to one side, on authoritative servers that may be behind, dead or lame; and the mistakes that are stopped before that. */
import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { type AuthoritySetup, startDnsWorld, type ZonesSetup } from "@medstack-to-aptible/sandbox/dns/authority.ts";
import { parseRecord } from "@medstack-to-aptible/sandbox/dns/message.ts";
import { startDnsServer } from "@medstack-to-aptible/sandbox/dns/server.ts";
import { parseStage } from "../../config/parse.ts";
import { openProvider } from "../../move/dns/open-provider.ts";
import { pointDomains, refusePointing } from "../../move/dns/point.ts";
import { hashDomain, noteInJournal } from "../../move/dns/point-line.ts";
import { notePoint, pointNotesFile, readPointNotes } from "../../move/dns/point-notes.ts";
import type { PointOptions } from "../../move/dns/point-options.ts";
import { type DnsProvider, DnsProviderError, type WantedRecord } from "../../move/dns/provider.ts";
import { DnsReader, readServer } from "../../move/dns/reader.ts";
import { readTtlNotes, ttlNotesFile, writeTtlNotes } from "../../move/dns/ttl-notes.ts";
import { PointError } from "../../move/dns/waiting.ts";
import { refuseYoungTtl } from "../../move/dns/young-ttl.ts";
import type { StageDomain } from "../../move/plan/domains.ts";
import { refuseTypedPhase } from "../../move/point-command.ts";
import type { MoveStage } from "../../move/stage.ts";
import type { NightJournal } from "../../move/switch/night-journal.ts";
import { checkContent, type LineContent } from "../../packages/mover/journal/line.ts";
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
	/** Further zones, and further servers of this one. */
	more?: ZonesSetup;
}

async function open(t: TestContext, { one, two = one, phase = "live", domain = {}, more = {} }: Setting) {
	const setupOf = (setup: readonly string[] | AuthoritySetup): AuthoritySetup =>
		"records" in setup ? setup : { records: setup };
	const world = await startDnsWorld({
		...more,
		"acme.example": { [ONE]: setupOf(one), [TWO]: setupOf(two), ...more["acme.example"] },
	});
	t.after(() => world.close());
	const lines: string[] = [];
	const wanted: WantedRecord[] = [];
	const moved = stageFile(t, phase);
	// Looked at days before, as a plan does it.
	writeTtlNotes(moved, { [domain.domain ?? subject.domain]: { ttlSeconds: 60, seen: "2026-12-01T00:00:00.000Z" } });
	/** Keeps what it is told to write, which no server has before `follow`. */
	const provider: DnsProvider = {
		isWriting: true,
		check: async () => [],
		put: async (_zone, record) => {
			wanted.push(record);
			return "written";
		},
	};
	const reader = () => new DnsReader({ resolvers: [readServer(world.resolver)], port: world.port, timeoutMs: 150 });
	const options: PointOptions = {
		to: "new",
		moved,
		domains: [{ ...subject, ...domain }],
		dns: reader(),
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
	return { world, lines, wanted, moved, options, follow, provider, reader };
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
	const [first, ...notes] = readPointNotes(moved);
	assert.deepEqual([first?.domain, first?.target], ["portal-new.acme.example", HOST], "it is ours from now on");
	assert.deepEqual(notes, [
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
		resolversUntil: new Date("2026-12-05T02:01:00.000Z"),
	});
	assert.match(
		lines.at(-1) ?? "",
		/on every authoritative server; resolvers may hold .* until 2026-12-05T02:01:00\.000Z \(TTL 60 s\)/,
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
	assert.equal(readPointNotes(moved).filter(({ domain }) => domain === "portal.acme.example").length, 2);
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

test("a person's own step in prepare makes both names, then an address a CNAME, waits for its TTL, and notes the TTLs that are read", async (t) => {
	const { options, world, moved, wanted, provider, lines } = await open(t, { one: address(3600), phase: "prepare" });
	const preparing = { ...options, to: "old", isPreparing: true } as const;
	const high = [soa(8), ...stable, "portal.acme.example 300 CNAME portal-old.acme.example"];
	provider.put = async (_zone, record, { mayReplace }) => {
		wanted.push(record);
		assert.equal(mayReplace, true);
		const records = record.name === "portal.acme.example" ? high : [...address(3600), ...stable];
		for (const server of [ONE, TWO]) world.change(server, { records });
		if (record.name === "portal.acme.example") setTimeout(() => world.change(ONE, { records: old }), 50);
		return "written";
	};
	const tell = (line: string) => {
		lines.push(line);
		if (line.startsWith("waiting for ns2")) world.change(TWO, { records: old });
	};
	const domain = { ...subject, moved: { via: "route53", from: "203.0.113.9" } } as const;
	await pointDomains({ ...preparing, domains: [domain], tell });
	assert.deepEqual(
		wanted.map(({ name, type, value }) => `${name} ${type} ${value}`),
		[
			"portal-old.acme.example A 203.0.113.9",
			`portal-new.acme.example CNAME ${HOST}`,
			"portal.acme.example CNAME portal-old.acme.example",
		],
	);
	assert.ok(
		lines.includes(`waiting for ${AT_TWO}, which has a TTL of 300 s for portal.acme.example instead of 60 s or less`),
		lines.join("\n"),
	);
	assert.deepEqual(readTtlNotes(moved)["portal.acme.example"], {
		ttlSeconds: 60,
		seen: now().toISOString(),
		safeFrom: "2026-12-05T03:00:00.000Z",
	});
	const night = { ...options, now: () => new Date("2026-12-05T02:59:59.000Z") };
	assert.match(
		await refused(pointDomains(night)),
		/hold the former answer until 2026-12-05T03:00:00\.000Z; switch from then on$/,
	);
	// By hand some hosts take no lower one.
	for (const server of [ONE, TWO]) world.change(server, { records: high });
	await pointDomains({ ...preparing, providerOf: async () => ({ ...provider, isWriting: false }) });
	assert.equal(readTtlNotes(moved)["portal.acme.example"]?.ttlSeconds, 300, "what is read, and no wish");
});

test("a switch to prepare changes no address in the night", async (t) => {
	const { options, wanted, lines } = await open(t, { one: address(60), phase: "prepare" });
	assert.deepEqual(await pointDomains({ ...options, to: "old" }), []);
	assert.deepEqual([wanted, lines], [[], ["portal.acme.example leads to MedStack already"]]);
});

test("a stable name that is somebody else's is left alone, at its host and where a person changes it", async (t) => {
	const foreign = [soa(7), stable[0] ?? "", "portal.acme.example 60 CNAME portal-old.acme.example"];
	const taken = [...foreign, "portal-new.acme.example 60 CNAME www.other.example"];
	const { options, world, moved, wanted } = await open(t, { one: taken });
	const byHand: PointOptions = {
		...options,
		timing: { deadlineMs: 0 },
		providerOf: (via) => openProvider(via, { env: {}, tell: () => {}, hide: () => {} }),
	};
	const says =
		/^portal-new\.acme\.example is CNAME www\.other\.example, which by the notes beside the stage this move has not written; find out whose it is/;
	assert.match(await refused(refusePointing(byHand)), says);
	assert.match(await refused(pointDomains(byHand)), says);
	assert.deepEqual(readPointNotes(moved), []);
	// A wildcard is nobody's record of this name.
	const wild = [...foreign, "*.acme.example 60 CNAME www.other.example"];
	for (const server of [ONE, TWO]) world.change(server, { records: wild });
	assert.deepEqual((await refusePointing(byHand)).length, 1);
	const at = now().toISOString();
	const former = {};
	notePoint(moved, { at, domain: "portal-new.acme.example", to: "new", former, target: "www.other.example" });
	for (const server of [ONE, TWO]) world.change(server, { records: taken });
	assert.deepEqual((await refusePointing(byHand)).length, 1, "it is this move's own");
	assert.deepEqual(wanted, []);
});

test("what a DNS host refuses is said before anything is changed, and before its addresses are judged", async (t) => {
	const proxied = [soa(7), "portal.acme.example 60 A 104.16.0.1"];
	const domain = { moved: { via: "cloudflare", from: "203.0.113.9" } } as const;
	const { options, provider, wanted } = await open(t, { one: proxied, domain });
	provider.check = async (_zone, { name }) => {
		if (name === "portal.acme.example") throw new DnsProviderError(`${name}: its A record is proxied by Cloudflare`);
		return [];
	};
	assert.equal(await refused(refusePointing(options)), "portal.acme.example: its A record is proxied by Cloudflare");
	provider.check = async () => ["CNAME"];
	assert.match(
		await refused(refusePointing(options)),
		/^portal\.acme\.example is a CNAME at its DNS host, which answers with the addresses behind it \(A 104\.16\.0\.1\).*turn CNAME flattening off/,
	);
	provider.check = async () => {
		throw new Error("Access denied");
	};
	assert.equal(await refused(refusePointing(options)), "portal.acme.example: its DNS host says: Access denied");
	const unset = async () => {
		throw new DnsProviderError("CLOUDFLARE_API_TOKEN is not set; set it to a token");
	};
	assert.match(await refused(refusePointing({ ...options, providerOf: unset })), /^CLOUDFLARE_API_TOKEN is not set/);
	const known: unknown[] = [];
	provider.check = async (_zone, { name }, terms) => {
		known.push([name, terms]);
		return [];
	};
	await refused(refusePointing(options));
	assert.deepEqual(known, [
		["portal-new.acme.example", { mayReplace: false, known: [] }],
		["portal.acme.example", { mayReplace: false }],
	]);
	assert.deepEqual(wanted, []);
});

test("the way back is open where Aptible does not say its host name", async (t) => {
	const by = [soa(8), ...stable, `portal.acme.example 60 CNAME ${HOST}`, `${HOST} 60 A 198.51.100.7`];
	const { options, follow, lines } = await open(t, { one: by, phase: "frozen", domain: { live: undefined } });
	follow("portal.acme.example", old, old);
	await pointDomains({ ...options, to: "old" });
	assert.match(lines.at(-1) ?? "", /leads to portal-old\.acme\.example on every/);
});

test("without its notes, a TTL is waited for a day, unless a person has typed that the former one has passed", async (t) => {
	const { options, moved } = await open(t, { one: old });
	rmSync(ttlNotesFile(moved));
	const says =
		/^portal\.acme\.example has a TTL of 60 s, seen first at 2026-12-05T02:00:00\.000Z, and which one it had before is not known here; .* until 2026-12-06T02:00:00\.000Z: switch from then on\. .*: --ttl-passed$/;
	assert.match(await refused(refusePointing(options)), says);
	assert.match(await refused(refusePointing(options)), says, "a look makes it no older");
	const at = { ...options, now: () => new Date("2026-12-06T02:00:00.000Z") };
	assert.equal((await refusePointing(at)).length, 1);
	notePoint(moved, { at: "2026-12-05T01:59:00.000Z", ttlPassed: true });
	assert.equal((await refusePointing(options)).length, 1);
	const note = { ttlSeconds: 60, seen: "2026-12-05T01:30:00.000Z", safeFrom: "2026-12-05T02:30:00.000Z" };
	writeTtlNotes(moved, { "portal.acme.example": note });
	assert.match(await refused(refusePointing(options)), /until 2026-12-05T02:30:00\.000Z; switch from then on$/);
});

test("a silent server is not waited for once it is out of its delegation, or a person has typed its name", async (t) => {
	const above = (...names: string[]) => [
		"example 3600 SOA ns.example hostmaster.example 1 3600 600 86400 900",
		...names.map((name) => `acme.example 3600 NS ${name}`),
	];
	const more = { example: { "ns.example": { records: above(ONE, TWO) } } };
	const { options, world, moved, follow, lines, reader } = await open(t, {
		one: switched,
		two: { records: switched, fault: "dead" },
		phase: "frozen",
		more,
	});
	follow("portal.acme.example", old);
	const tell = (line: string) => {
		lines.push(line);
		if (line.includes("does not answer")) world.change("ns.example", { records: above(ONE) });
	};
	await pointDomains({ ...options, to: "old", tell });
	assert.ok(
		lines.some((line) => /^waiting for ns2.*does not answer/.test(line)),
		lines.join("\n"),
	);
	world.change("ns.example", { records: above(ONE, TWO) });
	world.change(ONE, { records: old });
	// Another command, which begins with what resolvers say.
	const dead = { ...options, dns: reader(), timing: { deadlineMs: 0 } };
	assert.match(await refused(refusePointing(dead)), /to go on without it: --without-server ns2\.acme\.example$/);
	notePoint(moved, { at: now().toISOString(), withoutServer: TWO });
	assert.equal((await refusePointing(dead)).length, 1);
	follow("portal.acme.example", switched);
	await pointDomains({ ...dead, tell: (line) => void lines.push(line), timing: { deadlineMs: 5_000, pollMs: 10 } });
	assert.ok(lines.includes("ns2.acme.example is not waited for while it is silent: --without-server was typed"));
	// One that answers is waited for all the same.
	world.change(TWO, { records: old });
	assert.match(await refused(pointDomains(dead)), /ns2.*which has CNAME portal-old/);
	for (const server of [ONE, TWO]) world.change(server, { records: switched, fault: "dead" });
	assert.match(await refused(pointDomains(dead)), /no authoritative server of acme\.example answers/);
});

test("a server that has an IPv6 address alone is asked at it", async (t) => {
	const own = [...old, "ns6.acme.example 60 AAAA ::1"];
	const { options, world } = await open(t, { one: own, more: { "acme.example": { "ns6.acme.example": "nowhere" } } });
	const behind = [soa(6), ...stable, "portal.acme.example 60 CNAME acme.example"].map(parseRecord);
	const server = await startDnsServer("::1", world.port, ({ name, type }) => ({
		code: 0,
		isAuthoritative: true,
		answers: behind.filter((record) => record.name === name && [type, "CNAME"].includes(record.type)),
		authorities: [],
	}));
	t.after(() => server.close());
	assert.match(
		await refused(refusePointing(options)),
		/differ in the records: .*CNAME acme\.example on ns6\.acme\.example \(::1\)/,
	);
});

test("a domain that is led somewhere leaves a line in the journal, by its hash, and DNS does not wait for it", async (t) => {
	const { options, follow, lines } = await open(t, { one: old });
	follow("portal.acme.example", switched, switched);
	const written: LineContent[] = [];
	const journal: Pick<NightJournal, "run" | "write"> = {
		run: async () => "r7",
		async write(run, step, state, evidence) {
			const line = { run, database: "", step, part: "", state, holder: "0123456789ab", epoch: 1, evidence };
			checkContent(line);
			written.push(line);
		},
	};
	await pointDomains({ ...options, note: noteInJournal(journal, options.tell) });
	const evidence = { hash: hashDomain("portal.acme.example"), side: "new", seconds: 60 };
	assert.deepEqual(
		written.map((line) => [line.step, line.state, line.evidence]),
		[["point", "note", evidence]],
	);
	const gone = { ...journal, run: () => Promise.reject(new Error("the tunnel has ended")) };
	const other = await open(t, { one: old });
	other.follow("portal.acme.example", switched, switched);
	await pointDomains({ ...other.options, note: noteInJournal(gone, other.options.tell) });
	assert.ok(
		other.lines.includes(
			"the journal has no line of portal.acme.example, and the notes in .move have it: the tunnel has ended",
		),
		lines.join("\n"),
	);
});

test("people are led to a side that serves by the stack's last update, whatever the file says", (t) => {
	const refuse = (to: "new" | "old", typed: MovePhase, made: MovePhase | undefined) => {
		try {
			refuseTypedPhase(to, made, stageFile(t, typed));
			return "";
		} catch (error) {
			return (error as Error).message;
		}
	};
	assert.equal(
		refuse("new", "live", "trial"),
		'the stack prod is in the phase trial by its last update, and Pulumi.prod.yaml has "live"; point --to new would lead people to a side that does not serve; first run `npm run move -- switch live --stack prod`',
	);
	assert.match(refuse("new", "live", undefined), /the phase none .*; first run `pulumi up --stack prod`$/);
	assert.match(refuse("old", "prepare", "live"), /phase live .* has "prepare"; .* run `npm run move -- switch frozen/);
	assert.match(
		refuse("old", "cancelled", "trial"),
		/side that does not serve; first run `npm run move -- switch frozen/,
	);
	const right = [
		["new", "live", "live"],
		["old", "prepare", undefined],
		["old", "prepare", "frozen"],
		["old", "frozen", "frozen"],
		["old", "frozen", "live"],
		["old", "cancelled", "cancelled"],
	] as const;
	for (const [to, typed, made] of right) assert.equal(refuse(to, typed, made), "", `${to} ${typed} ${made}`);
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
		says: /^ns2\.acme\.example \(127\.0\.0\.3\), of zone acme\.example, is no authority for acme\.example \(lame delegation\); have it repaired, or removed from the NS records of acme\.example and at its registrar; to go on without it: --without-server ns2\.acme\.example$/,
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
		providerOf: async () => ({ isWriting: false, check: async () => [], put: async () => assert.fail() }),
	});
	assert.equal(pointed?.resolversUntil.toISOString(), "2026-12-05T02:01:00.000Z");
	const [first] = options.domains;
	assert.ok(first);
	const young = { moved, domains: options.domains, dns: options.dns, now: now() };
	assert.deepEqual(await refuseYoungTtl(young), [], "it is switched");

	const other = await open(t, { one: old });
	const at = { moved: other.moved, domains: other.options.domains, dns: other.options.dns };
	const [unknown, ...more] = await refuseYoungTtl({ ...at, now: now() });
	assert.match(unknown ?? "", /has a TTL of 60 s, seen first at 2026-12-01T00:00:00\.000Z, and no longer one was seen/);
	assert.deepEqual(more, []);
	const note = { ttlSeconds: 60, seen: "2026-12-05T01:30:00.000Z", safeFrom: "2026-12-05T02:30:00.000Z" };
	writeTtlNotes(other.moved, { "portal.acme.example": note });
	await assert.rejects(refuseYoungTtl({ ...at, now: now() }), /until 2026-12-05T02:30:00\.000Z; switch from then on$/);
	assert.deepEqual(await refuseYoungTtl({ ...at, now: new Date(note.safeFrom) }), []);
});
