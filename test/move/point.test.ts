/** Domains led to one side, on authoritative servers that may be behind, dead or lame. */
import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { test } from "node:test";
import { parseRecord } from "@medstack-to-aptible/sandbox/dns/message.ts";
import { startDnsServer } from "@medstack-to-aptible/sandbox/dns/server.ts";
import { openProvider } from "../../move/dns/open-provider.ts";
import { pointDomains, refusePointing } from "../../move/dns/point.ts";
import { hashDomain, noteInJournal } from "../../move/dns/point-line.ts";
import { notePoint, pointNotesFile, readPointNotes } from "../../move/dns/point-notes.ts";
import type { PointOptions } from "../../move/dns/point-options.ts";
import { readTtlNotes, writeTtlNotes } from "../../move/dns/ttl-notes.ts";
import { judgeTtls } from "../../move/dns/young-ttl.ts";
import { readDomain } from "../../move/plan/domains.ts";
import type { NightJournal } from "../../move/switch/night-journal.ts";
import { checkContent, type LineContent } from "../../packages/mover/journal/line.ts";
import { soa, subject } from "./plan/facts.ts";
import { AT_TWO, address, HOST, now, ONE, old, open, refused, stable, switched, TWO } from "./point-world.ts";

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

test("the way back is open where Aptible does not say its host name", async (t) => {
	const by = [soa(8), ...stable, `portal.acme.example 60 CNAME ${HOST}`, `${HOST} 60 A 198.51.100.7`];
	const { options, follow, lines } = await open(t, { one: by, phase: "frozen", domain: { live: undefined } });
	follow("portal.acme.example", old, old);
	await pointDomains({ ...options, to: "old" });
	assert.match(lines.at(-1) ?? "", /leads to portal-old\.acme\.example on every/);
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

/** Reads the domains, and judges their TTLs. */
async function refuseYoungTtl({
	moved,
	domains,
	dns,
	now: at,
}: Pick<PointOptions, "moved" | "domains" | "dns"> & { now: Date }) {
	const read = await Promise.all(domains.map(async (one) => ({ subject: one, facts: await readDomain(dns, one) })));
	return judgeTtls(moved, read, at);
}

test("a domain that the stack has changed is waited for, and one whose TTL was lowered lately is not switched", async (t) => {
	const { options, moved } = await open(t, { one: switched, domain: { moved: { via: "azure", from: "203.0.113.9" } } });
	const [pointed] = await pointDomains({
		...options,
		providerOf: async () => ({ isWriting: false, check: async () => [], put: async () => assert.fail() }),
	});
	assert.equal(pointed?.resolversUntil.toISOString(), "2026-12-05T02:05:00.000Z");
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
