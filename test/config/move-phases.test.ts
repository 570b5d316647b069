/** What each phase of a move makes of a stage, beside the same stage without one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStage } from "../../config/parse.ts";
import type { Stage } from "../../config/stage.ts";
import { toServiceSpec } from "../../config/to-spec/service.ts";
import { type MovePhase, movePhases } from "../../wire/move.ts";
import { stageWith } from "./stage-file.ts";

const autoscale = { kind: "horizontal", min: 2, max: 4, minCpu: 0.2, maxCpu: 0.8 };

/** A stage with services of each kind: two with an endpoint, two that act by themselves, one of them autoscaled. */
const declared = {
	"databases/main": { type: "postgresql", version: "16", containerMb: 4096 },
	"apps/portal/services": { web: { autoscale }, admin: {}, worker: { containers: 3 } },
	"apps/portal/endpoints/admin": { service: "admin", kind: "tcp", internal: true },
	"apps/jobs": {
		image: "registry.acme.example/jobs:1",
		services: { nightly: { autoscale: { kind: "vertical", minMb: 4096 } } },
	},
	storage: {
		resourceGroup: { name: "acme-test" },
		account: "acmetest",
		location: "canadacentral",
		redundancy: "GZRS",
		logs: { workspace: "acme-test" },
		allowFrom: ["198.51.100.7"],
		containers: { documents: { name: "documents" } },
	},
};

function parse(move?: object): Stage {
	return parseStage(stageWith({ ...declared, ...(move === undefined ? {} : { move }) }), { file: "Pulumi.test.yaml" });
}

function inPhase(phase: MovePhase, changes: object = {}): Stage {
	return parse({
		phase,
		from: { addresses: ["203.0.113.9"] },
		databases: { main: { during: { containerMb: 15360, iops: 5000 } } },
		objects: ["documents"],
		...changes,
	});
}

/** What runs, in short: `portal.web 2-4`. */
function services({ apps }: Stage): string[] {
	return Object.entries(apps).flatMap(([app, { services }]) =>
		Object.entries(services).map(([name, service]) => {
			const { containers, containerMb, autoscale } = toServiceSpec(service);
			return `${app}.${name} ${containers} x ${containerMb}${autoscale === undefined ? "" : `, ${autoscale.kind}`}`;
		}),
	);
}

/** The moved database, and who gets into it and into the storage. */
function doors({ databases, storage }: Stage): object {
	const { containerMb, iops, endpoints, mover } = databases.main ?? assert.fail("no database");
	const { copyFrom, allowFrom } = storage ?? assert.fail("no storage");
	return { containerMb, iops, endpoints, mover, copyFrom, allowFrom };
}

const asDeclared = [
	"portal.web 2 x 1024, horizontal",
	"portal.admin 1 x 1024",
	"portal.worker 3 x 1024",
	"jobs.nightly 1 x 4096, vertical",
];
const idleAtZero = [...asDeclared.slice(0, 2), "portal.worker 0 x 1024", "jobs.nightly 0 x 4096"];
const allAtZero = ["portal.web 0 x 1024", "portal.admin 0 x 1024", ...idleAtZero.slice(2)];

const small = { containerMb: 4096, iops: 3000 };
const large = { containerMb: 15360, iops: 5000 };
const shut = { endpoints: {}, mover: undefined, copyFrom: "sameTenant", allowFrom: ["198.51.100.7"] };
const open = {
	endpoints: { mover: { internal: false, ipFilter: ["203.0.113.9"], adopt: false, protect: false } },
	mover: { endpoint: "mover", isAwaited: true },
	copyFrom: "anywhere",
	allowFrom: ["198.51.100.7", "203.0.113.9"],
};

const expected: Readonly<Record<MovePhase, { services: string[]; doors: object }>> = {
	prepare: { services: idleAtZero, doors: { ...large, ...open } },
	frozen: { services: allAtZero, doors: { ...large, ...open, mover: { endpoint: "mover", isAwaited: false } } },
	trial: { services: idleAtZero, doors: { ...large, ...open } },
	live: { services: asDeclared, doors: { ...large, ...shut } },
	cancelled: { services: idleAtZero, doors: { ...small, ...shut } },
};

test("without a move everything is as declared", () => {
	assert.deepEqual(services(parse()), asDeclared);
	assert.deepEqual(doors(parse()), { ...small, ...shut });
});

for (const phase of movePhases) {
	test(`the phase ${phase}`, () => {
		const stage = inPhase(phase);
		assert.deepEqual(services(stage), expected[phase].services);
		assert.deepEqual(doors(stage), expected[phase].doors);
	});
}

test("live is the declared stage, but for the size of the moved database", () => {
	const { move, databases, ...rest } = inPhase("live");
	const { databases: before, ...others } = parse();
	assert.equal(move?.phase, "live");
	assert.deepEqual(JSON.stringify(rest), JSON.stringify(others));
	assert.equal(JSON.stringify({ ...databases.main, ...small }), JSON.stringify(before.main));
	assert.equal(JSON.stringify(databases.cache), JSON.stringify(before.cache));
});

test("what is named idle is, and nothing else", () => {
	const named = ["portal.web 0 x 1024", ...asDeclared.slice(1)];
	for (const phase of ["prepare", "trial", "cancelled"] as const) {
		assert.deepEqual(services(inPhase(phase, { idle: ["portal.web"] })), named, phase);
		assert.deepEqual(services(inPhase(phase, { idle: [] })), asDeclared, phase);
	}
});

test("no app runs while its data is prepared in a database that is copied into in place", () => {
	const databases = { main: {}, cache: {} };
	assert.deepEqual(services(inPhase("prepare", { databases })), allAtZero);
	assert.deepEqual(services(inPhase("trial", { databases })), idleAtZero);
});

test("apps get a placeholder for what a smoke test names, in prepare alone, and every other text as it is written, those of groups among them", () => {
	const config = {
		SMTP_PASSWORD: "${secrets.smtpPassword}",
		SMTP_URL: "smtp://portal:${ secrets.smtpPassword }@mail.acme.example?$${tag}&key=${secrets.sessionKey}",
		DATABASE_URL: "${databases.main.url}",
		SESSION_KEY: "${ secrets.sessionKey }",
	};
	const secrets = { registryPassword: "a", sessionKey: "b", smtpPassword: "c" };
	const smoke = { path: "/health", text: "ok", placeholders: ["smtpPassword"] };
	const configIn = (phase: MovePhase, more: object, { SMTP_PASSWORD, ...own } = config) => {
		const move = { phase, from: { addresses: ["203.0.113.9"] }, databases: { main: {} }, ...more };
		const group = { shared: { mail: { SMTP_PASSWORD } }, "apps/portal/configFrom": ["mail"] };
		const raw = stageWith({ ...declared, "apps/portal/config": own, ...group, secrets, move });
		return parseStage(raw, { file: "Pulumi.test.yaml" }).apps.portal?.config;
	};
	assert.deepEqual(configIn("prepare", { smoke }), {
		...config,
		SMTP_PASSWORD: "placeholder-of-a-rehearsal",
		SMTP_URL: "smtp://portal:placeholder-of-a-rehearsal@mail.acme.example?$${tag}&key=${secrets.sessionKey}",
	});
	assert.deepEqual(configIn("prepare", {}), config);
	for (const phase of movePhases.filter((one) => one !== "prepare"))
		assert.deepEqual(configIn(phase, { smoke }), config);
});

test("a storage that nothing is moved into stays as it is", () => {
	const { copyFrom, allowFrom } = inPhase("prepare", { objects: [] }).storage ?? assert.fail("no storage");
	assert.deepEqual({ copyFrom, allowFrom }, { copyFrom: "sameTenant", allowFrom: ["198.51.100.7"] });
});

test("an address that the storage lets in already stands there once", () => {
	const stage = inPhase("prepare", { from: { addresses: ["198.51.100.7", "203.0.113.9"] } });
	assert.deepEqual(stage.storage?.allowFrom, ["198.51.100.7", "203.0.113.9"]);
});

test("a moved database without another size keeps the declared one", () => {
	const { containerMb, iops, mover } = inPhase("prepare", { databases: { main: {} } }).databases.main ?? {};
	assert.deepEqual({ containerMb, iops, mover }, { ...small, mover: open.mover });
});
