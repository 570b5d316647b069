/** What is stopped before a domain is led anywhere, each with the line that says what to do. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { openProvider } from "../../move/dns/open-provider.ts";
import { pointDomains, refusePointing } from "../../move/dns/point.ts";
import { notePoint, readPointNotes } from "../../move/dns/point-notes.ts";
import type { PointOptions } from "../../move/dns/point-options.ts";
import { DnsProviderError } from "../../move/dns/provider.ts";
import { ttlNotesFile, writeTtlNotes } from "../../move/dns/ttl-notes.ts";
import { refuseTypedPhase } from "../../move/point-command.ts";
import type { MovePhase } from "../../wire/move.ts";
import { soa } from "./plan/facts.ts";
import { address, now, ONE, old, open, refused, type Setting, stable, stageFile, TWO } from "./point-world.ts";

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

test("without its notes, a TTL is waited for a day, unless a person has typed that the former one has passed", async (t) => {
	const { options, moved } = await open(t, { one: old });
	rmSync(ttlNotesFile(moved));
	const says =
		/^portal\.acme\.example has a TTL of 60 s, seen first at 2026-12-05T02:00:00\.000Z, and which one it had before is not known here; .* until 2026-12-06T02:00:00\.000Z: switch from then on\. .*: --ttl-passed$/;
	assert.match(await refused(refusePointing(options)), says);
	assert.match(await refused(refusePointing(options)), says, "a look makes it no older");
	const at = { ...options, now: () => new Date("2026-12-06T02:00:00.000Z") };
	assert.equal((await refusePointing(at)).length, 1);
	const later = { ...options, now: () => new Date("2026-12-13T02:00:00.000Z") };
	assert.deepEqual(await refusePointing(later), [], "no resolver holds an answer for longer than a week");
	notePoint(moved, { at: "2026-12-05T01:59:00.000Z", ttlPassed: true });
	assert.deepEqual(await refusePointing(options), [], "what was typed is not asked once more");
	assert.equal((await refusePointing(at)).length, 1, "it counts for a day");
	const note = { ttlSeconds: 60, seen: "2026-12-05T01:30:00.000Z", safeFrom: "2026-12-05T02:30:00.000Z" };
	writeTtlNotes(moved, { "portal.acme.example": note });
	assert.match(await refused(refusePointing(options)), /until 2026-12-05T02:30:00\.000Z; switch from then on$/);
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
