import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStage } from "../../../config/parse.ts";
import { oldName } from "../../../config/stable-names.ts";
import type { CaaRecord, ServerReading } from "../../../move/dns/reader.ts";
import { checkCertificate } from "../../../move/plan/certificate-checks.ts";
import { checkDomain } from "../../../move/plan/domain-checks.ts";
import { type DomainFacts, listDomains, type StageDomain } from "../../../move/plan/domains.ts";
import type { LiveStage } from "../../../move/plan/live.ts";
import { stageWith } from "../../config/stage-file.ts";
import { liveEndpoint } from "../../support/live.ts";
import { factsOf, server, subject } from "./facts.ts";

const now = new Date("2026-11-30T20:00:00.000Z");

const linesOf = (found: readonly { severity: string; line: string }[]) =>
	found.map(({ severity, line }) => `${severity}: ${line}`);

test("a domain that is ready for the night has no finding; each thing that is not has one with its fix", () => {
	const cname = { CNAME: { ttlSeconds: 60, values: ["portal-old.acme.example"] } };
	const note = { ttlSeconds: 60, seen: "2026-11-20T20:00:00.000Z" };
	let floorSeconds = 300;
	const judge = (
		facts: DomainFacts | string,
		change: Partial<StageDomain> = {},
		ttl: Parameters<typeof checkDomain>[2]["note"] = note,
	) => linesOf(checkDomain({ ...subject, ...change }, facts, { note: ttl, now, floorSeconds })).join("\n");
	assert.equal(judge(factsOf(cname)), "");
	assert.equal(judge("no resolver answers"), "unseen: portal.acme.example: DNS was not read: no resolver answers");

	const address = judge(
		factsOf({ A: { ttlSeconds: 60, values: ["203.0.113.9"] }, AAAA: { ttlSeconds: 60, values: ["2001:db8::9"] } }),
	);
	assert.match(
		address,
		/^blocker: portal\.acme\.example is A 203\.0\.113\.9, AAAA 2001:db8::9, and Aptible needs a CNAME, .*for 900 s .*1\. make `portal-old\.acme\.example` .*2\. .*CNAME `portal-old\.acme\.example` with TTL 60.*to elb-7\.aptible\.in$/,
	);
	const high = factsOf({ CNAME: { ttlSeconds: 3600, values: ["x.acme.example"] } });
	assert.match(judge(high), /^blocker: .*TTL of 3600 s, .*300 or less; set it to 60 .*safe 3600 s after/);
	floorSeconds = 7200;
	assert.match(judge(high), /^blocker: .*safe 7200 s after/);
	const [declared] = listDomains(
		parseStage(
			stageWith({
				"apps/portal/endpoints/public": {
					service: "web",
					kind: "https",
					domain: "portal.acme.example",
					managedTls: true,
				},
				dns: {
					resourceGroup: { name: "acme" },
					zones: {
						acme: { domain: "acme.example", records: { p: { name: "portal", type: "A", values: ["203.0.113.9"] } } },
					},
				},
			}),
			{ file: "Pulumi.prod.yaml" },
		),
		undefined,
	);
	assert.match(
		judge(factsOf({ CNAME: { ttlSeconds: 3600, values: ["x.acme.example"] } }), { record: declared?.record }),
		/set it to 60 as dns\.zones\.acme\.records\.p\.ttlSeconds in the stage file, then: pulumi up --stack STACK\./,
	);
	assert.match(
		judge(factsOf({ A: { ttlSeconds: 60, values: ["203.0.113.9"] } }), { record: declared?.record }),
		/2\. make dns\.zones\.acme\.records\.p the CNAME .*at a quiet hour: `pulumi up` deletes the address and then .*for 900 s; .*`import: true`/,
	);
	const apex = factsOf({ A: { ttlSeconds: 60, values: ["203.0.113.9"] } });
	assert.match(
		judge({ ...apex, reading: { ...apex.reading, name: "acme.example" } }, { domain: "acme.example" }),
		/^blocker: acme\.example is the apex .*ALIAS or ANAME record to elb-7\.aptible\.in/,
	);
	const behindAlias = judge(
		{ ...apex, reading: { ...apex.reading, name: "acme.example" }, hostAddresses: apex.addresses },
		{ domain: "acme.example" },
	);
	assert.match(behindAlias, /^warning: acme\.example is the apex .*see at your DNS host that it is an ALIAS or ANAME/);
	assert.doesNotMatch(behindAlias, /blocker/, "an apex can be ready");
	assert.match(judge(factsOf({})), /^warning: .*has no A, AAAA or CNAME record.*for 900 s/);
	assert.match(
		judge(factsOf(cname, { addresses: ["198.51.100.77"] })),
		/^warning: .*leads to 198\.51\.100\.77, and move\.domains says .*203\.0\.113\.9/,
	);
	assert.equal(
		judge(factsOf({ CNAME: { ttlSeconds: 60, values: ["elb-7.aptible.in"] } }, { addresses: ["198.51.100.77"] })),
		"",
		"it leads to Aptible already",
	);
	assert.equal(
		judge(factsOf({ CNAME: { ttlSeconds: 60, values: ["elb-9.aptible.in"] } }, { addresses: ["198.51.100.77"] }), {
			live: undefined,
		}),
		"",
		"to Aptible, by its name, where nobody is logged in",
	);
	assert.match(
		judge(factsOf(cname), { moved: undefined }),
		/^warning: .*not under move\.domains; .*domains: \{ portal\.acme\.example: \{ via: manual, from: 203\.0\.113\.9 \} \}/,
	);

	const dead: ServerReading = {
		...server,
		server: "ns2.acme.example (198.51.100.2)",
		fault: "does not answer within 2000 ms",
	};
	assert.match(
		judge(factsOf(cname, {}, [{ ...server, sets: cname }, dead])),
		/^warning: ns2\.acme\.example \(198\.51\.100\.2\), of zone acme\.example, does not answer .*NS records of acme\.example$/,
	);
	assert.match(judge(factsOf(cname, {}, [dead])), /^blocker: no authoritative server of acme\.example answers: ns2/);
	assert.match(
		judge(factsOf(cname, {}, [{ ...dead, isUnheard: true }])),
		/^unseen: no authoritative server .*this network lets no DNS out; try another network/,
	);
	assert.equal(
		judge(factsOf(cname, { unread: ["portal.acme.example: which CAA records decide is unknown: x"] })),
		"unseen: portal.acme.example: which CAA records decide is unknown: x",
	);
	assert.match(
		judge(factsOf({ ...apex.sets, AAAA: { ttlSeconds: 3600, values: ["2001:db8::9"] } })),
		/blocker: .*has a TTL of 3600 s/,
		"the longest of all sets",
	);
	const mail: ServerReading = { ...server, sets: apex.sets, others: ["MX", "TXT"] };
	assert.match(
		judge(factsOf(apex.sets, {}, [mail])),
		/^blocker: portal\.acme\.example has MX and TXT records, .*move mail and verification to another name first\n/,
	);
	const behind: ServerReading = { ...server, server: "ns3", sets: { A: { ttlSeconds: 60, values: ["203.0.113.9"] } } };
	assert.match(
		judge(factsOf(cname, {}, [{ ...server, sets: cname }, behind])),
		/^blocker: .*its servers differ in the records: CNAME portal-old\.acme\.example on .*A 203\.0\.113\.9 on ns3; wait until/,
	);
	const counted: ServerReading = { ...server, server: "ns3", sets: cname, serial: 8 };
	assert.match(
		judge(factsOf(cname, {}, [{ ...server, sets: cname }, counted])),
		/^warning: .*its servers differ in the serial of the zone: 7 on .*; 8 on ns3/,
		"the records are the same",
	);
	const own: ServerReading = {
		...server,
		sets: apex.sets,
		caa: [{ isCritical: false, tag: "issue", value: "letsencrypt.org" }],
	};
	assert.match(
		judge(factsOf(apex.sets, {}, [own])),
		/warning: .*CAA records of its own, which go when it becomes a CNAME; from then on the CAA records of the nearest name above decide.*letsencrypt\.org/,
	);

	const caaOf = (...records: readonly CaaRecord[]) => ({
		caa: {
			name: "acme.example",
			zone: "acme.example",
			servers: records.map((record, at) => ({ ...server, server: `ns${at + 1}`, caa: [record] })),
		},
	});
	const issue = (value: string): CaaRecord => ({ isCritical: false, tag: "issue", value });
	const caa = (value: string) => caaOf(issue(value));
	assert.match(
		judge(factsOf(cname, caaOf(issue("letsencrypt.org"), issue("digicert.com")))),
		/^blocker: acme\.example: its servers differ in the CAA records: .* on ns1; .* on ns2; .*\nblocker: .*forbid Let's Encrypt/,
		"one server that forbids is enough",
	);
	const foreign = judge(factsOf(cname, caaOf({ isCritical: true, tag: "x", value: "y" })));
	assert.match(foreign, /^blocker: .*critical tag.*remove: acme\.example CAA 128 x "y"$/);
	assert.doesNotMatch(foreign, /add the record/);
	assert.match(
		judge(factsOf(cname, caa("digicert.com"))),
		/^blocker: the CAA records of acme\.example \(0 issue "digicert\.com"\) forbid Let's Encrypt.*add the record: acme\.example CAA 0 issue "letsencrypt\.org"$/,
	);
	assert.match(judge(factsOf(cname, caa("letsencrypt.org; accounturi=x"))), /^warning: .*one account or by one method/);
	assert.equal(judge(factsOf(cname, caa("letsencrypt.org"))), "");
	assert.equal(
		judge(factsOf(cname, caa("digicert.com")), { managedTls: false }),
		"",
		"its own certificate is of whoever it is of",
	);

	const safeFrom = "2026-11-30T21:00:00.000Z";
	assert.match(
		judge(factsOf(cname), {}, { ...note, safeFrom }),
		/^warning: .*caches hold that until 2026-11-30T21:00:00\.000Z/,
	);
	assert.equal(judge(factsOf(cname), {}, { ...note, safeFrom: "2026-11-30T19:59:59.000Z" }), "");
	assert.match(
		judge(factsOf(cname), {}, { ttlSeconds: 60, seen: now.toISOString() }),
		/^unknown: .*never seen from here with a longer one; [^(]*$/,
	);
	assert.equal(oldName("*.acme.example"), "wildcard-old.acme.example");
});

test("a certificate that is not there, not ready or has expired is named with the command that brings it", () => {
	const live = (until: string): LiveStage => ({
		endpoints: new Map(),
		containers: new Map(),
		validUntil: new Map([[70, new Date(until)]]),
		databases: new Set(),
		config: new Map(),
	});
	const facts = factsOf({});
	const judge = (change: Partial<StageDomain>, stage: LiveStage | undefined = live("2027-06-01")) =>
		linesOf(checkCertificate({ ...subject, ...change }, facts, stage, now)).join("\n");
	assert.equal(judge({}), "");
	assert.equal(
		linesOf(checkCertificate({ ...subject, live: undefined }, facts, undefined, now)).join(),
		"",
		"said once of the whole stage",
	);
	assert.match(judge({ live: undefined }), /^blocker: .*is not on Aptible yet, .*pulumi up --stack STACK$/);
	const pending = {
		live: liveEndpoint(7, {
			managedTlsEnabled: true,
			managedTlsStatus: "pending",
			managedTlsDnsChallengeHostname: "acme.elb-7.aptible.in",
		}),
	};
	assert.match(
		judge(pending),
		/^blocker: .*is pending, not ready; make the record _acme-challenge\.portal\.acme\.example CNAME acme\.elb-7\.aptible\.in, then: aptible endpoints:renew elb-7\.aptible\.in --app portal --environment acme$/,
	);
	const [there] = checkCertificate(
		{ ...subject, ...pending },
		{ ...facts, hasChallenge: true },
		live("2027-06-01"),
		now,
	);
	assert.match(
		there?.line ?? "",
		/the record _acme-challenge\.portal\.acme\.example .* is there, then: aptible endpoints:renew/,
	);
	const own = { managedTls: false, live: liveEndpoint(7, { certificateId: 70 }) };
	assert.equal(judge(own), "");
	assert.match(judge(own, live("2026-11-29")), /^blocker: .*its certificate has expired on 2026-11-29/);
	assert.match(judge(own, live("2026-12-15")), /^warning: .*its certificate expires on 2026-12-15/);
	assert.match(
		judge({ ...own, live: liveEndpoint(7, { certificateId: 71 }) }),
		/^unseen: .*this token may not see its certificate, .*: openssl s_client -connect elb-7\.aptible\.in:443 -servername portal\.acme\.example <\/dev\/null \| openssl x509 -noout -enddate$/,
	);
	assert.match(
		judge({ managedTls: false, live: undefined }),
		/^unseen: .*which endpoint .*aptible endpoints:list --app portal --environment acme$/,
	);
});
