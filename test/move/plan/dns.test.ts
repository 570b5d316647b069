import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { startDnsWorld, type ZonesSetup } from "@medstack-to-aptible/sandbox/dns/authority.ts";
import { startDnsServer } from "@medstack-to-aptible/sandbox/dns/server.ts";
import { judgeCaa, listCaa, readCaa } from "../../../move/dns/caa.ts";
import { findDifferences, mergeServers } from "../../../move/dns/differences.ts";
import { DnsError, DnsReader, readServer } from "../../../move/dns/reader.ts";
import { readDomain } from "../../../move/plan/domains.ts";
import { liveEndpoint } from "../../support/live.ts";
import { soa, subject } from "./facts.ts";

const portal = "portal.acme.example 300 A 203.0.113.9";

async function open(t: TestContext, zones: ZonesSetup, timeoutMs = 1_500) {
	const world = await startDnsWorld(zones);
	t.after(() => world.close());
	const reader = new DnsReader({ resolvers: [readServer(world.resolver)], port: world.port, timeoutMs });
	return { world, reader };
}

test("a name is read from every server of its zone: records with their TTL, CAA, serial, negative caching", async (t) => {
	const records = [
		soa(7),
		portal,
		"portal.acme.example 200 A 203.0.113.10",
		"portal.acme.example 600 AAAA 2001:db8::9",
		'portal.acme.example 60 CAA 128 issue "letsencrypt.org; validationmethods=dns-01"',
		"portal.acme.example 60 MX 10 mail.acme.example",
		'portal.acme.example 60 TXT "v=spf1 -all"',
		"www.acme.example 120 CNAME Portal.Acme.Example",
	];
	const { world, reader } = await open(t, {
		"acme.example": { "ns1.acme.example": { records }, "ns2.acme.example": { records } },
	});
	const { zone, servers } = await reader.read("Portal.acme.example.");
	assert.equal(zone, "acme.example");
	assert.deepEqual(
		servers.map(({ server }) => server),
		["ns1.acme.example (127.0.0.2)", "ns2.acme.example (127.0.0.3)"],
	);
	for (const server of servers) {
		assert.deepEqual(server, {
			server: server.server,
			sets: {
				A: { ttlSeconds: 300, values: ["203.0.113.10", "203.0.113.9"] },
				AAAA: { ttlSeconds: 600, values: ["2001:db8::9"] },
			},
			caa: [{ isCritical: true, tag: "issue", value: "letsencrypt.org; validationmethods=dns-01" }],
			others: ["MX", "TXT"],
			serial: 7,
			negativeSeconds: 900,
		});
	}
	const alias = await reader.read("www.acme.example");
	assert.deepEqual(alias.servers[0]?.sets, { CNAME: { ttlSeconds: 120, values: ["portal.acme.example"] } });
	assert.deepEqual(alias.servers[0]?.caa, [], "what the alias leads to is another name's");
	const missing = await reader.read("none.acme.example");
	assert.deepEqual([missing.servers[0]?.sets, missing.servers[0]?.fault], [{}, undefined]);
	assert.ok(world.asked("ns1.acme.example").every(({ isRecursive }) => !isRecursive));
	assert.ok(world.asked("resolver").every(({ isRecursive }) => isRecursive));
});

test("a server that is dead, refuses, is lame or has no address is named with its fault, and the others are read", async (t) => {
	const records = [soa(7), portal];
	const { world, reader } = await open(
		t,
		{
			"acme.example": {
				"ns1.acme.example": { records },
				"ns2.acme.example": { records, fault: "dead" },
				"ns3.acme.example": { records, fault: "refused" },
				"ns4.acme.example": { records, fault: "lame" },
				"ns5.acme.example": { records, fault: "truncated-dead" },
				"ns6.acme.example": "nowhere",
				"ns7.acme.example": "unresolved",
			},
		},
		300,
	);
	const { servers } = await reader.read("portal.acme.example");
	assert.deepEqual(
		servers.map(({ server, fault }) => `${server} ${fault}`),
		[
			"ns1.acme.example (127.0.0.2) undefined",
			"ns2.acme.example (127.0.0.3) does not answer within 300 ms",
			"ns3.acme.example (127.0.0.4) refuses the question (REFUSED for SOA of acme.example)",
			"ns4.acme.example (127.0.0.5) is no authority for acme.example (lame delegation)",
			"ns5.acme.example (127.0.0.6) has truncated its answer, and does not answer over TCP within 300 ms",
			"ns6.acme.example has no address",
			"ns7.acme.example has an address that no resolver tells",
		],
	);
	assert.deepEqual(
		servers.map(({ isUnheard = false }) => isUnheard),
		[false, true, false, false, false, false, true],
	);
	assert.equal(servers[0]?.sets.A?.ttlSeconds, 300);
	assert.equal(world.asked("ns2.acme.example").length, 2, "a datagram may be lost, so that a second one is sent");
});

test("an answer that is truncated is read over TCP", async (t) => {
	const { world, reader } = await open(t, {
		"acme.example": { "ns1.acme.example": { records: [soa(7), portal], fault: "truncated" } },
	});
	const { servers } = await reader.read("portal.acme.example");
	assert.deepEqual(servers[0]?.sets.A, { ttlSeconds: 300, values: ["203.0.113.9"] });
	const asked = world.asked("ns1.acme.example").filter(({ type }) => type === "A");
	assert.deepEqual(
		asked.map(({ isTcp }) => isTcp),
		[false, true],
	);
});

test("servers that disagree are shown with what each one says", async (t) => {
	const { reader } = await open(t, {
		"acme.example": {
			"ns1.acme.example": { records: [soa(8), "portal.acme.example 60 CNAME old.acme.example"] },
			"ns2.acme.example": { records: [soa(7), portal] },
			"ns3.acme.example": { records: [soa(8), "portal.acme.example 60 CNAME old.acme.example"], fault: "refused" },
		},
	});
	const reading = await reader.read("portal.acme.example");
	const [one, two] = ["ns1.acme.example (127.0.0.2)", "ns2.acme.example (127.0.0.3)"];
	const differences = findDifferences(reading);
	assert.deepEqual(
		differences.map(({ what }) => what),
		["records", "TTL", "serial of the zone"],
	);
	assert.deepEqual(
		differences.map(({ line }) => line),
		[
			`portal.acme.example: its servers differ in the records: CNAME old.acme.example on ${one}; A 203.0.113.9 on ${two}`,
			`portal.acme.example: its servers differ in the TTL: CNAME 60 on ${one}; A 300 on ${two}`,
			`acme.example: its servers differ in the serial of the zone: 8 on ${one}; 7 on ${two}`,
		],
	);
	assert.deepEqual(mergeServers(reading), {
		A: { ttlSeconds: 300, values: ["203.0.113.9"] },
		CNAME: { ttlSeconds: 60, values: ["old.acme.example"] },
	});
});

test("a zone below another one is found, and CAA records are taken from the nearest name that has some", async (t) => {
	const { reader } = await open(t, {
		"acme.example": {
			"ns1.acme.example": { records: [soa(7), 'acme.example 60 CAA 0 issue "digicert.com"'] },
		},
		"clinic.acme.example": {
			"ns.clinic.acme.example": {
				records: [
					"clinic.acme.example 60 SOA ns.clinic.acme.example h.acme.example 1 1 1 1 30",
					"a.b.clinic.acme.example 60 A 203.0.113.9",
				],
			},
		},
	});
	const { zone, servers } = await reader.read("a.b.clinic.acme.example");
	assert.deepEqual([zone, servers[0]?.negativeSeconds], ["clinic.acme.example", 30]);
	const read = (name: string) => reader.read(name);
	const caa = await readCaa(read, "a.b.clinic.acme.example");
	assert.equal(caa?.name, "acme.example");
	assert.equal(judgeCaa(caa === undefined ? [] : listCaa(caa), "letsencrypt.org", false), "forbidden");
	assert.deepEqual(await readCaa(read, "*.acme.example"), caa, "of a wildcard, the name below its star");
	await assert.rejects(reader.read("portal.nowhere.example"), (error: Error) => {
		assert.ok(error instanceof DnsError);
		assert.match(error.message, /no zone of portal\.nowhere\.example is found: .*register the domain/);
		return true;
	});
});

test("the CAA records that decide are those after the night: an alias has its target's, and an address loses its own", async (t) => {
	const { reader } = await open(t, {
		"acme.example": {
			"ns1.acme.example": {
				records: [
					soa(7),
					'acme.example 60 CAA 0 issue "digicert.com"',
					portal,
					'portal.acme.example 60 CAA 0 issue "letsencrypt.org"',
					"www.acme.example 60 CNAME portal.acme.example",
				],
			},
		},
	});
	const read = (name: string) => reader.read(name);
	assert.equal((await readCaa(read, "www.acme.example"))?.name, "portal.acme.example");
	assert.equal((await readCaa(read, "portal.acme.example"))?.name, "acme.example");
	assert.equal((await readCaa(read, "*.portal.acme.example"))?.name, "portal.acme.example", "a wildcard's stay");
	assert.equal((await readCaa(read, "acme.example"))?.name, "acme.example", "an apex becomes no CNAME");
});

test("servers that differ in CAA records or in the TTL of one type are told", async (t) => {
	const { reader } = await open(t, {
		"acme.example": {
			"ns1.acme.example": { records: [soa(7), portal, "portal.acme.example 60 AAAA 2001:db8::9"] },
			"ns2.acme.example": {
				records: [
					soa(7),
					portal,
					"portal.acme.example 90 AAAA 2001:db8::9",
					'portal.acme.example 60 CAA 0 issue "digicert.com"',
				],
			},
		},
	});
	assert.deepEqual(
		findDifferences(await reader.read("portal.acme.example")).map(({ what }) => what),
		["CAA records", "TTL"],
	);
});

test("of a domain all is known that can be read, and each thing that cannot is told by itself", async (t) => {
	const { reader } = await open(t, { "acme.example": { "ns1.acme.example": { records: [soa(7), portal] } } });
	const lost = { ...subject, moved: { via: "manual" as const, from: "old.nowhere.example" } };
	const facts = await readDomain(reader, { ...lost, live: liveEndpoint(7, { managedTlsDnsChallengeHostname: "x" }) });
	assert.ok(typeof facts !== "string");
	assert.deepEqual([facts.unread, facts.addresses, facts.hasChallenge], [[], ["203.0.113.9"], false]);
	const failing: Pick<DnsReader, "read" | "addressesOf"> = {
		read: (name) => (name === "portal.acme.example" ? reader.read(name) : Promise.reject(new DnsError("none answers"))),
		addressesOf: () => Promise.reject(new DnsError("none answers")),
	};
	const half = await readDomain(failing, { ...lost, live: liveEndpoint(7, { managedTlsDnsChallengeHostname: "x" }) });
	assert.ok(typeof half !== "string", "its own records are known");
	assert.deepEqual(half.sets.A?.values, ["203.0.113.9"]);
	assert.deepEqual(half.unread, [
		"portal.acme.example: the addresses of `from` are unknown: none answers",
		"portal.acme.example: the addresses that it leads to are unknown: none answers",
		"portal.acme.example: whether its certificate's record is there is unknown: none answers",
		"portal.acme.example: which CAA records decide is unknown: none answers",
	]);
});

test("CAA records are judged as an authority does", () => {
	const of = (...lines: readonly string[]) =>
		lines.map((line) => {
			const [flags, tag = "", ...value] = line.split(" ");
			return { isCritical: flags === "128", tag, value: value.join(" ") };
		});
	const judge = (isWildcard: boolean, ...lines: readonly string[]) =>
		judgeCaa(of(...lines), "letsencrypt.org", isWildcard);
	assert.equal(judge(false), "none");
	assert.equal(judge(false, "0 iodef mailto:a@acme.example"), "none", "no issue tag: everyone may");
	assert.equal(judge(false, "0 issue digicert.com", "0 Issue LetsEncrypt.org"), "none");
	assert.equal(judge(false, "0 issue ;"), "forbidden");
	assert.equal(judge(false, "0 issue letsencrypt.org; accounturi=https://acme/1"), "restricted");
	assert.equal(judge(false, "0 issue letsencrypt.org;"), "none");
	assert.equal(judge(true, "0 issue letsencrypt.org", "0 issuewild ;"), "forbidden");
	assert.equal(judge(false, "0 issue letsencrypt.org", "0 issuewild ;"), "none");
	assert.equal(judge(true, "0 issue letsencrypt.org"), "none");
	assert.equal(judge(false, "128 unknown x", "0 issue letsencrypt.org"), "forbidden");
});

test("a resolver that answers nothing readable is named, and the next one is asked", async (t) => {
	const { world } = await open(t, { "acme.example": { "ns1.acme.example": { records: [soa(7), portal] } } });
	const liar = createSocket("udp4");
	t.after(() => liar.close());
	// Another question's answer, and what is no message: neither may be taken.
	liar.on("message", (query, from) => {
		const other = Buffer.from(query);
		other.writeUInt16BE((query.readUInt16BE(0) + 1) % 65_536, 0);
		other.writeUInt16BE(0x8180, 2);
		for (const bytes of [Buffer.from("no message"), other]) liar.send(bytes, from.port, from.address);
	});
	liar.bind(0, "127.0.0.1");
	await once(liar, "listening");
	const resolvers = [{ address: "127.0.0.1", port: liar.address().port }];
	const alone = new DnsReader({ resolvers, port: world.port, timeoutMs: 200 });
	await assert.rejects(
		alone.read("portal.acme.example"),
		/no resolver answers for SOA of portal\.acme\.example: 127\.0\.0\.1 does not answer within 200 ms; name another one, as in MEDSTACK_TO_APTIBLE_DNS=/,
	);
	const both = new DnsReader({
		resolvers: [...resolvers, readServer(world.resolver)],
		port: world.port,
		timeoutMs: 200,
	});
	assert.equal((await both.read("portal.acme.example")).zone, "acme.example");
});

test("addresses of resolvers are read in every form, and a wrong one says what is allowed", () => {
	assert.deepEqual(["1.1.1.1", " 127.0.0.1:5353", "2606:4700::1111", "[::1]:5353"].map(readServer), [
		{ address: "1.1.1.1", port: 53 },
		{ address: "127.0.0.1", port: 5353 },
		{ address: "2606:4700::1111", port: 53 },
		{ address: "::1", port: 5353 },
	]);
	assert.throws(() => readServer("dns.acme.example"), /"dns\.acme\.example" is no address of a DNS server; allowed/);
	assert.throws(() => readServer("127.0.0.1:99999"), /"99999" is no port; allowed: 1 to 65535/);
});

test("the stand-in whose port is taken holds nothing open", async (t) => {
	const other = createServer().listen(0, "127.0.0.1");
	t.after(() => other.close());
	await once(other, "listening");
	const { port } = other.address() as AddressInfo;
	await assert.rejects(
		startDnsServer("127.0.0.1", port, () => undefined),
		/EADDRINUSE/,
	);
	const udp = createSocket("udp4").bind(port, "127.0.0.1");
	await once(udp, "listening");
	udp.close();
});
