import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigurationError, readConfiguration, variableOf } from "../configuration.ts";
import { Mask } from "../mask.ts";
import { startProcess } from "./support/mover-process.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "mover-"));
after(() => rmSync(folder, { recursive: true }));

const CA = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const PASSWORD = "correct-horse";
const main = {
	type: "postgresql",
	url: `postgresql://mover:${PASSWORD}@elb-1.aptible.in:5432/db`,
	ca: CA,
	aptibleId: 7,
	containerMb: 15_360,
};
const target = (changes: object = {}, name = "main") =>
	JSON.stringify({ stage: "prod", databases: { [name]: { ...main, ...changes } } });
const source = `postgresql://admin:${PASSWORD}@10.0.0.4/clinic`;
const fine = { MOVE_TARGET: target(), MOVE_SOURCE_MAIN: source };

function problemsOf(environment: Record<string, string>): string {
	try {
		readConfiguration(environment, new Mask());
	} catch (error) {
		if (error instanceof ConfigurationError) return error.message;
		throw error;
	}
	return "";
}

test("the container is told by variables or by the files of secrets", () => {
	const file = path.join(folder, "move-target");
	const given = JSON.parse(target());
	given.databases.main.diskGb = 20;
	writeFileSync(file, JSON.stringify(given));
	writeFileSync(path.join(folder, "source"), `${source}\n`);
	const apps = ["postgresql://app:former-horse@10.0.0.4/clinic", "postgresql://jobs:other-horse@10.0.0.4/clinic"];
	writeFileSync(path.join(folder, "apps"), `${apps.join("\n")}\n`);
	const mask = new Mask();
	const read = readConfiguration(
		{
			MOVE_TARGET_FILE: file,
			MOVE_SOURCE_MAIN_FILE: path.join(folder, "source"),
			MOVE_SOURCE_MAIN_CA: CA,
			MOVE_SOURCE_MAIN_APPS_FILE: path.join(folder, "apps"),
			MOVE_JOBS: "4",
		},
		mask,
	);
	assert.deepEqual(read, {
		stage: "prod",
		journal: "main",
		databases: [
			{
				name: "main",
				type: "postgresql",
				source: { url: source, ca: CA.trim() },
				target: { url: main.url, ca: CA },
				apps: apps.map((url) => ({ url, ca: CA.trim() })),
				aptibleId: 7,
				diskBytes: 20 * 2 ** 30,
				containerMb: 15_360,
			},
		],
		uncopied: [],
		objects: [],
		jobs: 4,
		leaseSeconds: 20,
		snapshotSeconds: 7200,
		journalFolder: undefined,
	});
	assert.equal(mask.apply("former-horse other-horse"), "[secret] [secret]");
	assert.equal(variableOf("patient-portal.v2"), "MOVE_SOURCE_PATIENT_PORTAL_V2");
});

test("each mistake names its variable and the fix, and shows no value of a secret", () => {
	const broken: [Record<string, string>, RegExp][] = [
		[{}, /^MOVE_TARGET_FILE: \/run\/secrets\/move-target is not there; give the service the file/],
		[{ MOVE_TARGET_FILE: path.join(folder, "none") }, /^MOVE_TARGET_FILE: .*none is not there/],
		[
			{ ...fine, MOVE_TARGET: "correct-horse{" },
			/^MOVE_TARGET: is no JSON; write it anew: npm run move -- credentials/,
		],
		[
			{ ...fine, MOVE_TARGET: target().replace('"aptibleId":7', '"aptibleId":7,"diskGb":0') },
			/^MOVE_TARGET: databases\.main: its diskGb is missing or wrong/,
		],
		[{ ...fine, MOVE_TARGET: "[]" }, /^MOVE_TARGET: has no databases/],
		[{ ...fine, MOVE_TARGET: '{"stage":"prod","databases":{}}' }, /^MOVE_TARGET: has no databases/],
		[{ ...fine, MOVE_TARGET: '{"databases":{"main":{}}}' }, /^MOVE_TARGET: has no name of a stage/],
		[
			{ ...fine, MOVE_TARGET: target({ url: `mysql://a:${PASSWORD}@b/c` }) },
			/^MOVE_TARGET: databases\.main: its url is missing or wrong/,
		],
		[{ ...fine, MOVE_TARGET: target({ ca: PASSWORD }) }, /^MOVE_TARGET: databases\.main: its ca is missing or wrong/],
		[
			{ ...fine, MOVE_TARGET: target({ type: "oracle" }) },
			/its type \(postgresql, mysql, redis, mongodb, .*\) is missing/,
		],
		[
			{ ...fine, MOVE_TARGET: target({ drain: { queues: ["a"], database: 0, minutes: 1 } }) },
			/its drain is missing or wrong/,
		],
		[{ ...fine, MOVE_TARGET: target({ aptibleId: "7" }) }, /its aptibleId is missing/],
		[{ ...fine, MOVE_TARGET: target({ containerMb: "much" }) }, /its containerMb is missing or wrong/],
		[{ ...fine, MOVE_TARGET: target({}, `x ${PASSWORD}`) }, /databases\.\?: its name/],
		[
			{ ...fine, MOVE_TARGET: target().replace("{", '{"journal":"audit",') },
			/its journal is on none of its databases of postgresql \(main\); write it anew: npm run move -- credentials/,
		],
		[{ MOVE_TARGET: target() }, /^MOVE_SOURCE_MAIN: is not set; it has the address of main in MedStack/],
		[{ ...fine, MOVE_SOURCE_MAIN: PASSWORD }, /^MOVE_SOURCE_MAIN: is no address of the type postgresql/],
		[{ ...fine, MOVE_SOURCE_MAIN_FILE: "/x" }, /^MOVE_SOURCE_MAIN: is set, and MOVE_SOURCE_MAIN_FILE too/],
		[
			{ MOVE_TARGET: target(), MOVE_SOURCE_MAIN_FILE: path.join(folder, "none") },
			/^MOVE_SOURCE_MAIN_FILE: .*none is not there or empty/,
		],
		[{ ...fine, MOVE_SOURCE_MAIN_APPS: `${source} redis://:${PASSWORD}@10.0.0.4` }, /^MOVE_SOURCE_MAIN_APPS: not each/],
		[{ ...fine, MOVE_SOURCE_MAIN_CA: PASSWORD }, /^MOVE_SOURCE_MAIN_CA: is no certificate in PEM/],
		[{ ...fine, MOVE_JOBS: "many" }, /^MOVE_JOBS: "many" is not a whole number from 1 to 16; default: 2/],
		[{ ...fine, MOVE_LEASE_SECONDS: "1" }, /^MOVE_LEASE_SECONDS: "1" is not a whole number from 2 to 300/],
		[
			{
				MOVE_TARGET: target({ type: "redis", url: `rediss://:${PASSWORD}@b` }),
				MOVE_SOURCE_MAIN: `redis://:${PASSWORD}@a`,
			},
			/none of its databases is postgresql, and the journal is kept on one/,
		],
	];
	for (const [environment, says] of broken) {
		const problems = problemsOf(environment);
		assert.match(problems, says);
		assert.ok(!problems.includes(PASSWORD), problems);
	}
	const both = JSON.stringify({ stage: "prod", databases: { "a-b": main, "a.b": main } });
	assert.match(
		problemsOf({ MOVE_TARGET: both, MOVE_SOURCE_A_B: source }),
		/MOVE_SOURCE_A_B: stands for a-b and for a\.b/,
	);
	assert.equal(problemsOf(fine), "");
	assert.equal(problemsOf({ MOVE_JOBS: "0" }).split("\n").length, 2, "all of them at once");
});

const entry = path.join(import.meta.dirname, "../main.ts");

test("a container that is told wrong says so, one line with its time each, and ends with 2", async () => {
	const mover = startProcess(entry, { MOVE_JOBS: "0" });
	const [code] = await once(mover.child, "exit");
	assert.equal(code, 2);
	assert.match(mover.output, /^\d{4}-\d\d-\d\dT[\d:.]+Z MOVE_JOBS: "0" is not/m);
	assert.match(mover.output, /^\d{4}-\d\d-\d\dT[\d:.]+Z MOVE_TARGET_FILE: /m);
});

test("it waits for a target that does not answer, listens on nothing, has no secret in its arguments, and ends when it is told", async () => {
	const silent = target({ url: `postgresql://mover:${PASSWORD}@127.0.0.1:1/db` });
	const mover = startProcess(entry, { MOVE_TARGET: silent, MOVE_SOURCE_MAIN: source });
	await mover.says(/the target does not answer \(.*ECONNREFUSED.*\); it is asked again/);
	await sleep(1_500);
	assert.equal(mover.output.match(/does not answer/g)?.length, 1, "it says so once");
	const proc = `/proc/${mover.child.pid}`;
	if (existsSync(proc)) {
		assert.ok(!readFileSync(`${proc}/cmdline`, "utf8").includes(PASSWORD));
		assert.deepEqual(listeningIn(proc), []);
	}
	const told = performance.now();
	await mover.end("SIGTERM");
	assert.ok(performance.now() - told < 10_000);
	assert.equal(mover.child.exitCode, 0, mover.output);
	assert.ok(!mover.output.includes(PASSWORD));
});

/** Sockets of a process on which it listens (state 0A of proc_net_tcp). */
function listeningIn(proc: string): string[] {
	const own = new Set(
		readdirSync(`${proc}/fd`).flatMap((fd) => {
			try {
				return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${proc}/fd/${fd}`))?.[1] ?? [];
			} catch {
				return [];
			}
		}),
	);
	const lines = ["tcp", "tcp6"].flatMap((kind) =>
		readFileSync(`${proc}/net/${kind}`, "utf8").trim().split("\n").slice(1),
	);
	return lines.filter((line) => {
		const [, , , state, , , , , , inode = ""] = line.trim().split(/\s+/);
		return state === "0A" && own.has(inode);
	});
}
