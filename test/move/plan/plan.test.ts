/** `npm run move -- plan` as a person runs it, against an emulated Aptible and DNS servers of the test's own. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { callCli } from "@medstack-to-aptible/sandbox/aptible/cli.ts";
import { createEnvironment, defineImage } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { type Clouds, startAptible } from "@medstack-to-aptible/sandbox/clouds.ts";
import { type DnsWorld, startDnsWorld } from "@medstack-to-aptible/sandbox/dns/authority.ts";
import { Context } from "../../../aptible/context.ts";
import { parseStage } from "../../../config/parse.ts";
import { listDomains } from "../../../move/plan/domains.ts";
import { readLive } from "../../../move/plan/live.ts";
import { makePlan } from "../../../move/plan/plan.ts";
import { isDnsAsked, pointStage, refuseStage } from "../../../move/point.ts";
import { findTargets } from "../../../move/probe/targets.ts";
import { readMoveStage } from "../../../move/stage.ts";
import { stageWith } from "../../config/stage-file.ts";
import { certify, inDays } from "../../support/certificates.ts";
import { loadedBy, readImports } from "../../support/imports.ts";
import { root } from "../../support/repository.ts";
import { soa } from "./facts.ts";

let folder: string;
let clouds: Clouds;
let dns: DnsWorld;

const records = [
	soa(7),
	"portal.acme.example 3600 A 203.0.113.9",
	"api.acme.example 60 CNAME api-old.acme.example",
	"api-old.acme.example 60 A 203.0.113.9",
	'acme.example 3600 CAA 0 issue "digicert.com"',
];

before(async () => {
	folder = mkdtempSync(path.join(tmpdir(), "plan-"));
	clouds = await startAptible(folder);
	dns = await startDnsWorld({
		"acme.example": {
			"ns1.acme.example": { records },
			"ns2.acme.example": { records },
			"ns3.acme.example": { records, fault: "refused" },
		},
	});
	const dir = clouds.env.APTIBLE_SANDBOX ?? "";
	createEnvironment(dir, "acme");
	defineImage(dir, "acme/portal:1", ["web", "worker"]);
	const at = ["--app", "portal", "--environment", "acme"];
	await cli("db:create", "--type", "postgresql", "--environment", "acme", "--", "main");
	await cli("apps:create", "--environment", "acme", "--", "portal");
	await cli("deploy", ...at, "--docker-image", "acme/portal:1");
	await cli("config:set", ...at, "--", "STORAGE=AccountName=oldacme;AccountKey=sentinel-key");
	await cli(
		"endpoints:https:create",
		...at,
		"--managed-tls",
		"--managed-tls-domain",
		"portal.acme.example",
		"--",
		"web",
	);
	writeFileSync(
		path.join(folder, "Pulumi.clinic.yaml"),
		`config:
  medstack-to-aptible:environment: { handle: acme, stack: acme-prod, phi: true }
  medstack-to-aptible:databases:
    main: { type: postgresql, version: "17" }
  medstack-to-aptible:apps:
    portal:
      image: acme/portal:1
      config: { GATEWAY: "http://gateway:8080", KEY: "\${secrets.storageKey}" }
      services: { web: {}, worker: {} }
      endpoints:
        public: { service: web, kind: https, domain: portal.acme.example, managedTls: true }
        api: { service: web, kind: https, domain: api.acme.example, managedTls: true }
  medstack-to-aptible:secrets: { storageKey: { secure: v1:sentinel-cipher } }
  medstack-to-aptible:move:
    phase: prepare
    from: { addresses: [203.0.113.9] }
    databases: { main: { during: { containerMb: 4096 } } }
    domains: { portal.acme.example: { via: manual, from: 203.0.113.9 } }
`,
	);
});

after(async () => {
	await dns?.close();
	await clouds?.close();
	rmSync(folder, { recursive: true, force: true });
});

async function cli(...argv: string[]): Promise<void> {
	const { code, stderr } = await callCli(argv, { ...clouds.env, APTIBLE_OUTPUT_FORMAT: "json" });
	assert.equal(code, 0, stderr);
}

/** Runs `plan` from the stage's folder. @param change variables that are another, or removed */
function plan(args: readonly string[] = [], change: Readonly<Record<string, string | undefined>> = {}) {
	return move(["plan", ...args], change);
}

async function move(args: readonly string[], change: Readonly<Record<string, string | undefined>> = {}) {
	const child = spawn(
		process.execPath,
		[
			"--disable-warning=ExperimentalWarning",
			path.join(root, "move/main.ts"),
			...args,
			...["--stack", "clinic", "--config-file", "Pulumi.clinic.yaml"],
		],
		{
			cwd: folder,
			env: {
				...clouds.env,
				MEDSTACK_TO_APTIBLE_DNS: dns.resolver,
				MEDSTACK_TO_APTIBLE_DNS_PORT: String(dns.port),
				// The emulated CLI is not there: the plan asks the API alone.
				PATH: "",
				HOME: folder,
				NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? "",
				...change,
			},
			stdio: ["ignore", "pipe", "pipe"],
		},
	);
	const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
	const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
	return { code, stdout, stderr };
}

test("the plan has what stands in the way, and the runbook with this stage's names, addresses and commands", async () => {
	const { code, stdout: page, stderr } = await plan();
	assert.equal(code, 1, stderr);
	const expected = [
		/^# Move of clinic to Aptible\n\nEnvironment `acme`; phase in the stage file: `prepare`\. Blockers: 5; Warnings: 5; Not looked at: 0; Not known: 3\./,
		/## Blockers\n/,
		/- portal\.acme\.example is A 203\.0\.113\.9, .*for 900 s .*make `portal-old\.acme\.example`/,
		/- portal\.acme\.example has a TTL of 3600 s, .*npm run move -- plan --stack clinic --config-file Pulumi\.clinic\.yaml\n/,
		/- the CAA records of acme\.example \(0 issue "digicert\.com"\) forbid Let's Encrypt/,
		/- portal\.acme\.example \(endpoint portal\.public\): its managed certificate is pending, not ready; make the record _acme-challenge\.portal\.acme\.example CNAME acme\.(elb-\S+), then: aptible endpoints:renew \1 --app portal --environment acme\n/,
		/- api\.acme\.example \(endpoint portal\.api\) is not on Aptible yet/,
		/## Warnings\n/,
		/- api\.acme\.example \(endpoint portal\.api\) is not under move\.domains/,
		/- ns3\.acme\.example \(127\.0\.0\.4\), of zone acme\.example, refuses the question/,
		/- app portal: config GATEWAY names a host name without a dot, .*\(in the stage file\)/,
		/- app portal: config STORAGE names a storage account in Azure that is not this stage's \(on Aptible\)/,
		/## Not known\n[^#]*- volumes of MedStack's services/,
		/\| database `main` \| postgresql 17, 1024 MB, 4096 MB during the move; copied \|/,
		/\| service `portal\.worker` \| 0 containers until live \|/,
		/\| domain `portal\.acme\.example` \| A 203\.0\.113\.9 \(TTL 3600 s\); then CNAME elb-/,
		/- forecast of main \(postgresql\): none/,
		/- MedStack: not known here/,
		/### 10\. Rehearse[\s\S]*npm run move -- credentials --stack clinic --config-file Pulumi\.clinic\.yaml[\s\S]*rm \.move\/clinic-target\.json[\s\S]*docker push[\s\S]*`\/run\/secrets\/move-target`[\s\S]*`MOVE_SOURCE_MAIN`/,
		/### 17\. TTL[\s\S]*set its TTL from 3600 s to 60 s[\s\S]*replace the records of portal\.acme\.example by the CNAME `portal-old\.acme\.example`/,
		/### 16\. Nothing writes[\s\S]*`portal\.web` \(reached by people\), `portal\.worker` \(acts by itself\)[\s\S]*`phase: frozen`/,
		/### 18\. Move and test[\s\S]*curl --fail-with-body -sS --connect-to portal\.acme\.example:443:elb-\S+:443 'https:\/\/portal\.acme\.example\/'\n/,
		/### 19\. Switch DNS[\s\S]*change the value of the CNAME `api-old\.acme\.example`/,
		/### Going back, in this order[\s\S]*`phase: frozen`[\s\S]*api\.acme\.example: back to `api-old\.acme\.example`[\s\S]*back to `portal-old\.acme\.example`[\s\S]*refuses one whose domain does not resolve/,
		/## Point of no return\n/,
	];
	for (const pattern of expected) assert.match(page, pattern);
	const places = [
		"### 1 to 6",
		"### 7 to 9",
		"### 10.",
		"### 11 to 14",
		"### 17.",
		"### 15.",
		"### 16.",
		"### 18.",
		"### 19.",
		"### 20.",
		"### Going back",
		"### The end",
	];
	const found = places.map((place) => page.indexOf(place));
	assert.deepEqual(
		found.toSorted((a, b) => a - b),
		found,
		"in the order in which they are done",
	);
	assert.ok(!found.includes(-1), String(found));
	assert.doesNotMatch(page + stderr, /sentinel|oldacme|STACK\b/);
});

test("--write makes the same page as a file, byte for byte each time", async () => {
	const { stdout: page } = await plan();
	const file = path.join(folder, "pages/move-clinic.md");
	for (let time = 0; time < 2; time += 1) {
		const { code, stdout } = await plan(["--write", "pages"]);
		assert.equal(code, 1);
		assert.equal(
			stdout,
			"pages/move-clinic.md is written, with blockers; commit it, and have it reviewed in a pull request\n",
		);
		assert.equal(readFileSync(file, "utf8"), page);
	}
	assert.ok(existsSync(path.join(folder, ".move/clinic-ttl.json")), "TTLs are noted beside the stage");
});

test("the page says nothing of when and where it was made", async () => {
	Object.assign(process.env, clouds.env, {
		MEDSTACK_TO_APTIBLE_DNS: dns.resolver,
		MEDSTACK_TO_APTIBLE_DNS_PORT: String(dns.port),
	});
	const pages = await Promise.all(
		["2026-11-01T08:00:00Z", "2026-11-02T20:00:00Z"].map(async (now) => {
			const clone = mkdtempSync(path.join(tmpdir(), "plan-clone-"));
			copyFileSync(path.join(folder, "Pulumi.clinic.yaml"), path.join(clone, "Pulumi.clinic.yaml"));
			try {
				const moved = { ...readMoveStage("clinic", path.join(clone, "Pulumi.clinic.yaml")), configFile: undefined };
				return (await makePlan(new Context(), moved, { write: undefined, now: new Date(now) })).page;
			} finally {
				rmSync(clone, { recursive: true });
			}
		}),
	);
	assert.match(pages[0] ?? "", /api\.acme\.example has a TTL of 60 s, and was never seen from here with a longer one/);
	assert.equal(pages[1], pages[0]);
});

test("a TTL that was lowered since the last plan is not safe before its former one has passed", async () => {
	const lowered = records.map((line) => line.replace("portal.acme.example 3600", "portal.acme.example 60"));
	for (const name of ["ns1.acme.example", "ns2.acme.example"]) dns.change(name, { records: lowered });
	const first = (await plan()).stdout;
	const [, until = ""] =
		/portal\.acme\.example has a TTL of 60 s, .*caches hold that until (\S+) at the latest/.exec(first) ?? [];
	const left = Date.parse(until) - Date.now();
	assert.ok(left > 3_500_000 && left <= 3_600_000, `${until}: ${left}`);
	assert.equal((await plan()).stdout, first, "the hour is counted from the first look");
	for (const name of ["ns1.acme.example", "ns2.acme.example"]) dns.change(name, { records });
});

test("a challenge's record that is there is seen, and the plan says to renew", async () => {
	const { stdout: before } = await plan();
	const [, host = ""] = /_acme-challenge\.portal\.acme\.example CNAME (acme\.elb-\S+), then:/.exec(before) ?? [];
	assert.match(before, /make the record _acme-challenge/);
	const more = [...records, `_acme-challenge.portal.acme.example 60 CNAME ${host}`];
	for (const name of ["ns1.acme.example", "ns2.acme.example"]) dns.change(name, { records: more });
	const { stdout: after } = await plan();
	assert.match(
		after,
		/the record _acme-challenge\.portal\.acme\.example CNAME acme\.elb-\S+ is there, then: aptible endpoints:renew/,
	);
	for (const name of ["ns1.acme.example", "ns2.acme.example"]) dns.change(name, { records });
});

test("of an own certificate on Aptible its end is read, and which endpoint has it", async () => {
	const { pem, keyPem } = certify({ names: ["own.acme.example"], until: inDays(10) });
	const [chain, key] = [path.join(folder, "chain.pem"), path.join(folder, "key.pem")];
	writeFileSync(chain, pem);
	writeFileSync(key, keyPem);
	const at = ["--app", "portal", "--environment", "acme"];
	await cli("endpoints:https:create", ...at, "--certificate-file", chain, "--private-key-file", key, "--", "worker");
	Object.assign(process.env, clouds.env);
	const moved = readMoveStage("clinic", path.join(folder, "Pulumi.clinic.yaml"));
	const live = await readLive(new Context(), moved);
	const own = live?.endpoints.get("portal")?.find(({ service }) => service === "worker");
	const until = live?.validUntil.get(own?.certificateId ?? 0);
	assert.equal(until?.toISOString().slice(0, 10), inDays(10).toISOString().slice(0, 10));
	assert.deepEqual([...(live?.databases ?? [])], ["main"]);
	const [domain] = listDomains(
		parseStage(
			stageWith({
				"apps/portal/endpoints/own": {
					service: "worker",
					kind: "https",
					domain: "own.acme.example",
					certificateFingerprint: "0123456789abcdef",
				},
			}),
			{ file: "Pulumi.clinic.yaml" },
		),
		live,
	);
	assert.equal(domain?.live?.id, own?.id);
});

test("point leads to a side that is as its phase makes it, and is refused else", async () => {
	const { code, stderr } = await move(["point", "--to", "new"]);
	assert.equal(code, 1);
	assert.match(
		stderr,
		/^point --to new needs move\.phase: live, and Pulumi\.clinic\.yaml has "prepare"; run `npm run move -- switch frozen/,
	);

	const variables = { MEDSTACK_TO_APTIBLE_DNS: dns.resolver, MEDSTACK_TO_APTIBLE_DNS_PORT: String(dns.port) };
	Object.assign(process.env, clouds.env, variables);
	const text = readFileSync(path.join(folder, "Pulumi.clinic.yaml"), "utf8");
	const stageIn = (phase: string) => {
		const file = path.join(folder, "Pulumi.night.yaml");
		writeFileSync(file, text.replace("phase: prepare", `phase: ${phase}`));
		return readMoveStage("night", file);
	};
	const point = async (phase: string, to: "old" | "new", isPreparing = false) => {
		const lines: string[] = [];
		const signal = new AbortController().signal;
		const tell = (line: string) => void lines.push(line);
		await pointStage(new Context(), stageIn(phase), { to, tell, signal, isPreparing });
		return lines.join("\n");
	};
	const serve = (lines: readonly string[]) => {
		for (const name of ["ns1.acme.example", "ns2.acme.example", "ns3.acme.example"])
			dns.change(name, { records: lines });
	};
	await assert.rejects(
		point("frozen", "old"),
		/^Error: Aptible is not in the phase frozen yet: .*portal\.web has 1 containers/,
	);
	const scale = (count: string) =>
		cli("apps:scale", "--app", "portal", "--environment", "acme", "--container-count", count, "--", "web");
	await scale("0");
	await assert.rejects(
		point("live", "new"),
		/^Error: Aptible is not in the phase live yet: portal\.web has 0 containers; first: pulumi up --stack night$/,
	);
	await scale("1");
	const live = await readLive(new Context(), stageIn("live"));
	const host = live?.endpoints.get("portal")?.find(({ managedTlsDomain }) => managedTlsDomain !== undefined)?.hostname;
	const others = records.filter((line) => !/^portal|CAA/.test(line));
	const led = [`portal.acme.example 60 CNAME portal-new.acme.example`, `portal-new.acme.example 60 CNAME ${host}`];
	serve([...others, ...led]);
	assert.match(
		await point("live", "new"),
		/^portal\.acme\.example leads to portal-new\.acme\.example on every authoritative server/,
	);
	const prepared = ["portal.acme.example 60 CNAME portal-old.acme.example", "portal-old.acme.example 60 A 203.0.113.9"];
	serve([...others, ...prepared, `portal-new.acme.example 60 CNAME ${host}`]);
	assert.match(await point("prepare", "old", true), /leads to portal-old\.acme\.example on every authoritative server/);
	serve([...others, "portal.acme.example 3600 A 203.0.113.9", 'acme.example 3600 CAA 0 issue "digicert.com"']);
	const said = await refuseStage(new Context(), stageIn("prepare")).catch((error: Error) => error.message);
	for (const what of [/is A 203\.0\.113\.9 on ns1/, /has a TTL of 3600 s/, /CAA records of acme\.example/]) {
		assert.match(String(said), what);
	}
	assert.deepEqual(
		(["prepare", "frozen", "trial", "live"] as const).map((made) => [
			isDnsAsked("frozen", made),
			isDnsAsked("live", made),
		]),
		[
			[true, true],
			[false, true],
			[false, true],
			[false, true],
		],
		"the way back waits for no DNS",
	);
});

test("a domain is probed at the load balancer of its endpoint, which is what it is to lead to", async () => {
	Object.assign(process.env, clouds.env);
	const file = path.join(folder, "Pulumi.probed.yaml");
	const stage = readFileSync(path.join(folder, "Pulumi.clinic.yaml"), "utf8")
		.replace("api.acme.example, managedTls: true }", "api.acme.example, managedTls: true, internal: true }")
		.replace(/(domains: .*\}) \}/, "$1, api.acme.example: { via: manual, from: 203.0.113.9 } }");
	writeFileSync(file, stage);
	const moved = readMoveStage("probed", file);
	const found = await findTargets(new Context(), moved);
	const [target] = found.targets;
	assert.deepEqual([found.targets.length, target?.domain, target?.address.port], [1, "portal.acme.example", 443]);
	assert.match(target?.address.host ?? "", /^elb-\S+/);
	assert.match(found.unknown[0]?.line ?? "", /^api\.acme\.example: failed: its endpoint is internal/);
	const own = "portal.acme.example, certificateFingerprint: 0123456789abcdef }";
	writeFileSync(file, stage.replace("portal.acme.example, managedTls: true }", own));
	const { unknown } = await findTargets(new Context(), readMoveStage("probed", file));
	assert.match(
		unknown[0]?.line ?? "",
		/^portal\.acme\.example: failed: which load balancer its endpoint portal\.public has is unknown/,
	);
});

test("no other step of the move loads the DNS client", () => {
	const imports = readImports();
	assert.ok(loadedBy(imports, "move/plan/plan.ts", ["static"]).has("dns-packet"));
	assert.ok(!loadedBy(imports, "move/main.ts", ["static"]).has("dns-packet"));
});

test("without a token and without DNS the plan is made of the stage file, and says what it has not seen", async () => {
	const {
		code,
		stdout: page,
		stderr,
	} = await plan([], {
		APTIBLE_ACCESS_TOKEN: undefined,
		MEDSTACK_TO_APTIBLE_DNS: "127.0.0.99:1",
	});
	assert.equal(code, 3, stderr);
	assert.match(page, /- Aptible was not looked at, .*: nobody is logged in; log in: aptible login\n/);
	assert.match(
		page,
		/- portal\.acme\.example: DNS was not read: no resolver answers for SOA of portal\.acme\.example: 127\.0\.0\.99 /,
	);
	assert.match(page, /- values of secrets were not looked at/);
	assert.match(
		page,
		/### 19\. Switch DNS[\s\S]*to the endpoint's host name \(`aptible endpoints:list --app portal --environment acme`\)/,
	);
	assert.doesNotMatch(page, /## Blockers/);
	const wrong = await plan([], { MEDSTACK_TO_APTIBLE_DNS: "resolver" });
	assert.equal(wrong.code, 1);
	assert.match(wrong.stderr, /"resolver" is no address of a DNS server; allowed: /);
});
