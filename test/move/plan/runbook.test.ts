import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStage } from "../../../config/parse.ts";
import { describeAlias } from "../../../move/plan/alias.ts";
import type { StageDomain } from "../../../move/plan/domains.ts";
import { writeRunbook } from "../../../move/plan/runbook.ts";
import {
	describeOrigin,
	describeRecord,
	describeSwitch,
	describeTtl,
	writeTest,
} from "../../../move/plan/runbook-domains.ts";
import type { MoveStage } from "../../../move/stage.ts";
import { absent, stageWith } from "../../config/stage-file.ts";
import { factsOf, subject } from "./facts.ts";

const addresses = { A: { ttlSeconds: 60, values: ["203.0.113.9"] } };
const to = (name: string) => factsOf({ CNAME: { ttlSeconds: 60, values: [name] } });

function stageFile(changes: Readonly<Record<string, unknown>> = {}): MoveStage {
	const move = {
		phase: "prepare",
		downtimeBudgetMinutes: 30,
		from: { addresses: ["203.0.113.9"] },
		databases: { main: {} },
	};
	const parse = (more: object) => parseStage(stageWith({ move, ...changes, ...more }), { file: "Pulumi.prod.yaml" });
	return {
		name: "prod",
		folder: "/nowhere",
		configFile: undefined,
		stage: parse({}),
		declared: parse({ move: absent }),
	};
}

/** A part as lines: who, what, and what is typed. */
function linesOf(moved: MoveStage, title: string): string[] {
	const part = writeRunbook(moved, []).find((one) => one.title.startsWith(title));
	return (part?.steps ?? []).map(({ who, does, commands = [] }) => [`${who}: ${does}`, ...commands].join("\n"));
}

test("an address that becomes a CNAME is switched and goes back by its -old name", () => {
	const facts = factsOf(addresses);
	assert.equal(
		describeSwitch(subject, facts),
		"change the value of `portal.acme.example`, by then a CNAME to `portal-old.acme.example`, to `elb-7.aptible.in`",
	);
	assert.equal(describeOrigin(subject, facts), "`portal-old.acme.example`");
	assert.match(describeSwitch(subject, to("x.acme.example")), /^change the value of the CNAME `x\.acme\.example` to/);
	assert.equal(describeOrigin(subject, to("x.acme.example")), "`x.acme.example`");
});

test("no -old name is told of that nobody made: of an apex, of an empty name, and where DNS was not read", () => {
	const apex: StageDomain = { ...subject, domain: "acme.example" };
	const facts = factsOf(addresses);
	const ofApex = { ...facts, reading: { ...facts.reading, name: "acme.example" } };
	assert.equal(
		describeSwitch(apex, ofApex),
		"change its ALIAS or ANAME record to `elb-7.aptible.in` (an apex takes no CNAME)",
	);
	assert.equal(describeOrigin(apex, ofApex), "`A 203.0.113.9`");
	const after = { ...ofApex, addresses: ["198.51.100.7"], hostAddresses: ["198.51.100.7"] };
	assert.equal(describeOrigin(apex, after), "`203.0.113.9`", "what it leads to by now is Aptible's");
	assert.equal(describeSwitch(apex, after), "it has the addresses of `elb-7.aptible.in` already");
	assert.equal(describeSwitch(subject, factsOf({})), "make the CNAME to `elb-7.aptible.in`");
	assert.equal(describeOrigin(subject, factsOf({})), "`203.0.113.9`");
	assert.equal(describeOrigin({ ...subject, moved: undefined }, factsOf({})), "what it was before the switch");
	assert.match(
		describeSwitch(subject, "none answers"),
		/^once it is a CNAME \(step 17; DNS was not read\), change its value to `elb-7\.aptible\.in`; replace no address/,
	);
	assert.equal(describeOrigin(subject, "none answers"), "what its value was before the switch (DNS was not read)");
});

test("a domain whose record no person changes has the commands, before the night and in it", () => {
	const via = (way: "azure" | "route53" | "cloudflare"): StageDomain => ({
		...subject,
		moved: { via: way, from: "203.0.113.9" },
	});
	const command = "npm run move -- point --to new --stack STACK";
	assert.match(
		describeSwitch(via("azure"), factsOf(addresses)),
		new RegExp(`^after the phase live it leads to .*-new.*${command}$`),
	);
	assert.match(
		describeSwitch(via("route53"), "none answers"),
		new RegExp(`^it leads to \`portal-new\\.acme\\.example\`.*${command}$`),
	);
	assert.match(
		describeSwitch(via("route53"), to("portal-new.acme.example")),
		/^it is a CNAME .*already/,
		"is switched",
	);
	assert.deepEqual(describeRecord(via("cloudflare")), {
		who: "operator",
		what: "portal.acme.example (via cloudflare)",
	});
	const [before, ...more] = describeAlias(via("azure"), factsOf(addresses));
	assert.match(
		before ?? "",
		/^run `pulumi up --stack STACK` with phase: prepare, .*at a quiet hour.*which resolvers keep for 900 s$/,
	);
	assert.deepEqual(more, []);
	assert.match(
		describeAlias(via("route53"), factsOf(addresses))[0] ?? "",
		/^run npm run move -- point --to old --stack STACK in the phase prepare/,
	);
});

test("a plan made after the switch keeps the way back a CNAME, and changes nothing to itself", () => {
	for (const live of [subject.live, undefined]) {
		const facts = to("elb-7.aptible.in.");
		assert.equal(
			describeOrigin({ ...subject, live }, facts),
			"`portal-old.acme.example` (or what its value was before the switch); it stays a CNAME",
		);
		assert.match(describeSwitch({ ...subject, live }, facts), /^it is a CNAME to `elb-7\.aptible\.in\.` already/);
	}
	assert.match(
		describeSwitch(subject, to("elb-3.aptible.in")),
		/^change the value of the CNAME `elb-3\.aptible\.in` to `elb-7/,
	);
});

test("a TTL that was longer before is not said to be low enough at once", () => {
	const facts = factsOf({ ...addresses, AAAA: { ttlSeconds: 3600, values: ["2001:db8::9"] } });
	assert.match(describeTtl(facts, undefined, 7200), /^set its TTL from 3600 s to 60 s, 7200 s before the night/);
	const note = { ttlSeconds: 60, seen: "2026-11-30T20:00:00.000Z", safeFrom: "2026-11-30T21:00:00.000Z" };
	assert.match(describeTtl(factsOf(addresses), note, 300), /switch not before 2026-11-30T21:00:00\.000Z$/);
	assert.equal(describeTtl(factsOf(addresses), undefined, 300), "its TTL is 60 s, which is low enough");
	assert.match(describeTtl(factsOf({}), undefined, 300), /^it has no record yet; its TTL: 300 s or less/);
	assert.match(
		describeTtl("none answers", undefined, 300),
		/^DNS was not read: plan again .*becomes a CNAME days before/,
	);
});

test("the request of a test is one word to a shell", () => {
	const { stage } = stageFile();
	const smoke = { path: "/x?a=1&b=$(id)'", text: "ok" };
	const moved = { ...stage, move: stage.move && { ...stage.move, smoke: { ...stage.move.smoke, ...smoke } } };
	assert.equal(
		writeTest(moved as typeof stage, subject),
		"curl --fail-with-body -sS --connect-to portal.acme.example:443:elb-7.aptible.in:443 'https://portal.acme.example/x?a=1&b=$(id)'\\'''",
	);
});

test("where queues run empty, what fills them stops first, and workers after the check", () => {
	const services = { "apps/portal/services": { web: {}, aworker: {}, cron: {} } };
	const [only, ...others] = linesOf(stageFile(services), "16.");
	assert.match(only ?? "", /`portal\.web` .*`portal\.aworker` .*`portal\.cron` .*pgAdmin/);
	assert.doesNotMatch(others.join("\n"), /to 0 replicas/);
	const databases = { main: {}, cache: { drain: { queues: ["jobs"] } } };
	const move = { phase: "prepare", downtimeBudgetMinutes: 30, from: { addresses: ["203.0.113.9"] }, databases };
	const [first = "", wait = "", last = ""] = linesOf(stageFile({ ...services, move }), "16.");
	assert.match(first, /`portal\.web` .*`portal\.cron` /);
	assert.doesNotMatch(first, /`portal\.aworker`/);
	assert.match(wait, /queues of `cache`\nnpm run move -- check/);
	assert.match(last, /to 0 replicas.*`portal\.aworker` .*pgAdmin/);
	assert.doesNotMatch(last, /`portal\.(web|cron)`/);
});

test("a stage that names its cluster is told what freeze does there", () => {
	const from = { addresses: ["203.0.113.9"], cluster: "acme-prod" };
	const named = stageFile({ move: { phase: "prepare", from, databases: { main: {} } } });
	const says = /MEDSTACK_TOKEN_KEY and MEDSTACK_TOKEN_VALUE set, `freeze` does what is named here by MedStack's API$/;
	assert.match(linesOf(named, "16.")[0] ?? "", says);
	assert.doesNotMatch(linesOf(stageFile(), "16.")[0] ?? "", says);
});

test("the old PostgreSQL is shut after Aptible's own writers stop, and opened again before MedStack's services start", () => {
	const night = linesOf(stageFile(), "16.").join("\n");
	const order = [/to 0 replicas/, /npm run move -- switch frozen/, /\nnpm run move -- freeze --stack STACK/].map(
		(pattern) => night.search(pattern),
	);
	assert.deepEqual(
		order,
		order.toSorted((a, b) => a - b),
	);
	assert.ok(!order.includes(-1), String(order));
	const back = linesOf(stageFile(), "Going back").join("\n");
	assert.match(back, /`phase: frozen`[\s\S]*\nnpm run move -- thaw --stack STACK[\s\S]*the services up again/);
});

test("after the way back the mover gets a new secret, and another night its own commands", () => {
	const back = linesOf(stageFile(), "Going back").join("\n");
	assert.match(
		back,
		/`phase: cancelled`[\s\S]*`phase: prepare`[\s\S]*\ngit rm Pulumi\.prod\.move\.json\nnpm run move -- switch prepare[\s\S]*\nnpm run move -- credentials --replace --stack STACK[\s\S]*secret `move-target`[\s\S]*\nrm \.move\/prod-target\.json[\s\S]*\nnpm run move -- copy --again --stack STACK/,
	);
	const beside = stageFile({ "databases/legacy": { type: "mysql", version: "8.4" } });
	for (const title of ["16.", "Going back"])
		assert.doesNotMatch(linesOf(beside, title).join("\n"), /MySQL/, "it stays");
});

test("once every service is at 0, nobody is told that the old side answers", () => {
	const [watch = ""] = linesOf(stageFile(), "20.");
	assert.match(watch, /^MedStack's UI: save the log of the page service: whoever still comes there/);
	assert.doesNotMatch(watch, /goes on answering/);
});
