/** MedStack's services by its API, against a stand-in that is as unkind as a product. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import type { Medstack, MedstackSetup } from "@medstack-to-aptible/sandbox/medstack/cluster.ts";
import { countsFile } from "../../../move/source-cluster/counts.ts";
import { serveLocally } from "../../support/local-api.ts";
import {
	ADDRESS,
	fileTarget,
	REPLICAS,
	reachMedstack,
	startMedstackFor,
	withDrain,
	writeMedstackStage,
} from "../../support/medstack-stage.ts";

const STAGE = "portal.web, portal.worker, mail.cron";
const OURS = ["portal-web", "worker", "scheduler"] as const;

async function start(t: TestContext, setup: Partial<MedstackSetup> = {}) {
	const moved = writeMedstackStage();
	const medstack = await startMedstackFor(setup);
	t.after(async () => {
		await medstack.close();
		rmSync(moved.folder, { recursive: true });
	});
	return { moved, medstack };
}

const replicasOf = (medstack: Medstack, names: readonly string[] = Object.keys(REPLICAS)) =>
	Object.fromEntries(names.map((name) => [name, medstack.service(name).replicas]));
const changes = ({ api }: Medstack) =>
	api.requests.flatMap(({ method, path, body }) =>
		method === "PATCH" ? [`${path.split("-").at(-1)} ${(body as { replicas: number }).replicas}`] : [],
	);

test("services stop in the runbook's order, each group once the former is at 0, after their replicas are on the disk", async (t) => {
	let noted = "";
	const { moved, medstack } = await start(t, {
		changeMs: 20,
		onRequest: ({ method }) => {
			if (method !== "PATCH") return;
			noted ||= readFileSync(countsFile(moved), "utf8");
			const before = changes(medstack).length;
			assert.ok(OURS.slice(0, before).every((name) => medstack.service(name).replicas === 0));
		},
	});
	const { lines, left } = await reachMedstack(moved, medstack.env).stop();
	const { "k-7f3a": own } = JSON.parse(noted);
	assert.match(own.night, /^[0-9a-f]{12}$/);
	assert.deepEqual(own, {
		label: "acme-prod",
		night: own.night,
		replicas: { "portal-web": 2, worker: 3, scheduler: 1 },
	});
	assert.deepEqual(changes(medstack), ["portalweb 0", "worker 0", "scheduler 0"]);
	assert.deepEqual(replicasOf(medstack), { ...REPLICAS, "portal-web": 0, worker: 0, scheduler: 0 });
	assert.equal(medstack.service("loadbalancer").replicas, 1);
	assert.deepEqual(left, []);
	assert.equal(lines[0], `MedStack's services at 0, by its API: ${STAGE}`);
	assert.match(lines[1] ?? "", /^MedStack also runs pgadmin, /);
	assert.equal(lines.length, 2);
});

test("what comes back has the replicas that were noted, but for a service whose domain leads elsewhere, until it leads back", async (t) => {
	let leadsTo = ADDRESS;
	const resolve = async () => [leadsTo];
	const { moved, medstack } = await start(t, { resolve });
	const cluster = reachMedstack(moved, medstack.env, { resolve });
	await medstack.scale("portal-web", 5);
	await medstack.settled();
	await cluster.stop();
	await medstack.scale("portal-web", 2);
	await medstack.settled();
	const again = await cluster.stop();
	assert.match(
		again.lines[0] ?? "",
		/^portal\.web: 5 replicas .* were noted, and it has 2 now, which is noted instead$/,
	);
	await cluster.stop();
	leadsTo = "198.51.100.7";
	const first = await cluster.start();
	assert.deepEqual(replicasOf(medstack), { ...REPLICAS, "portal-web": 0 });
	assert.deepEqual(changes(medstack).slice(4), ["scheduler 1", "worker 3"]);
	assert.deepEqual(first.left, ["portal.web"]);
	const said = first.lines.join("\n");
	assert.match(
		said,
		/portal\.web: portal\.acme\.example resolves to 198\.51\.100\.7, and MedStack's cluster is 203\.0\.113\.9/,
	);
	assert.match(said, /thaw --stack STACK; or by hand:[\s\S]*1\. what users reach: portal\.web \(2\)$/);
	leadsTo = ADDRESS;
	const second = await cluster.start();
	assert.deepEqual(second, { lines: ["MedStack's services are back, by its API: portal.web 2"], left: [] });
	assert.deepEqual(replicasOf(medstack), REPLICAS);
	assert.equal(existsSync(countsFile(moved)), false);
	const third = await cluster.start();
	assert.match(third.lines[0] ?? "", /^no replicas of MedStack's services are noted/);
	assert.deepEqual(replicasOf(medstack), REPLICAS);
});

test("another machine brings them back by what is noted on the target, and leaves what somebody has started meanwhile", async (t) => {
	const { moved, medstack } = await start(t);
	const cluster = reachMedstack(moved, medstack.env);
	await cluster.stop();
	rmSync(countsFile(moved));
	await medstack.scale("worker", 1);
	await medstack.settled();
	const { lines, left } = await cluster.start();
	assert.deepEqual(replicasOf(medstack), { ...REPLICAS, worker: 1 });
	assert.deepEqual(left, []);
	assert.match(lines.join("\n"), /portal\.worker: MedStack's worker has 1 replicas already, where 3 were noted/);
});

test("killed at each request to the API, it is run again and brings back what there was before the first", async (t) => {
	const toEnd = await start(t);
	await reachMedstack(toEnd.moved, toEnd.medstack.env).stop();
	const requests = toEnd.medstack.api.requests.length;
	// The third is answered with the services: before that there is nothing to note.
	for (let fatal = 3; fatal <= requests; fatal += 1) {
		let [seen, kill] = [0, () => {}];
		const { moved, medstack } = await start(t, {
			onRequest: () => {
				seen += 1;
				if (seen === fatal) kill();
			},
		});
		const script = path.join(import.meta.dirname, "stop-process.ts");
		const file = path.join(moved.folder, "Pulumi.prod.yaml");
		const child = spawn(process.execPath, [script, file, JSON.stringify(medstack.env)], { stdio: "ignore" });
		kill = () => child.kill("SIGKILL");
		assert.deepEqual(await once(child, "close"), [null, "SIGKILL"], `request ${fatal}`);
		const cluster = reachMedstack(moved, medstack.env);
		assert.deepEqual((await cluster.stop()).left, []);
		assert.deepEqual(replicasOf(medstack, OURS), { "portal-web": 0, worker: 0, scheduler: 0 });
		await cluster.start();
		assert.deepEqual(replicasOf(medstack), REPLICAS, `request ${fatal}`);
	}
});

test("errors, answers that break off or never come, and changes that are not made or not answered are got over", async (t) => {
	const { moved, medstack } = await start(t);
	const { faults } = medstack.api;
	for (const kind of ["500", "break-off", "not-json", "silent"] as const) {
		faults.add({ request: /^GET .*(current|services)$/, kind });
	}
	faults.add({ request: /^PATCH .*web$/, kind: "not-done" });
	faults.add({ request: /^PATCH .*worker$/, kind: "500" });
	faults.add({ request: /^PATCH .*scheduler$/, kind: "500-done" });
	const { left } = await reachMedstack(moved, medstack.env).stop();
	assert.deepEqual(left, []);
	assert.deepEqual(changes(medstack), ["portalweb 0", "portalweb 0", "worker 0", "worker 0", "scheduler 0"]);
	assert.deepEqual(replicasOf(medstack, OURS), { "portal-web": 0, worker: 0, scheduler: 0 });
});

test("what the API does not do in time, or refuses, is left to a person, with what is done already", async (t) => {
	const { moved, medstack } = await start(t, { resolve: async () => ["198.51.100.7"] });
	medstack.api.faults.add({ request: /^PATCH .*worker$/, kind: "not-done", times: 100 });
	const timing = { requestMs: 300, readMs: 500, pauseMs: 5, changeMs: 150, resendMs: 50 };
	const { lines, left } = await reachMedstack(moved, medstack.env, { timing }).stop();
	assert.deepEqual(left, ["portal.web", "portal.worker"]);
	const said = lines.join("\n");
	assert.match(said, /^MedStack's services at 0, by its API: mail\.cron\n/);
	assert.match(said, /portal\.web: MedStack's API: PATCH .*: 422 .*does not resolve to the cluster manager/);
	assert.match(said, /portal\.worker: it shows 3 replicas, 0 s after it was asked/);
	assert.match(said, /1\. what users reach: portal\.web\n {2}2\. workers: portal\.worker\n/);
	assert.equal(changes(medstack).filter((change) => change.startsWith("portalweb")).length, 1, "a refusal is final");
});

test("a token that is refused, a cluster that is none, and an API that is silent are said, and nothing is changed", async (t) => {
	const { moved, medstack } = await start(t);
	const wrong = { ...medstack.env, MEDSTACK_TOKEN_VALUE: "other" };
	const refused = await reachMedstack(moved, wrong).stop();
	assert.match(
		refused.lines[0] ?? "",
		/GET \/companies\/current: the token is refused \(401\); set MEDSTACK_TOKEN_KEY/,
	);
	assert.match(refused.lines[1] ?? "", /^in MedStack, Services, set the replicas/);
	assert.equal(refused.left.length, 3);
	const elsewhere = await reachMedstack(moved, medstack.env, { cluster: "acme-test" }).stop();
	assert.match(
		elsewhere.lines[0] ?? "",
		/"acme-test", and no cluster of .*; its clusters: acme-prod \(k-7f3a\), acme-staging \(k-51a9\)$/,
	);
	medstack.api.faults.add({ request: /./, kind: "500", times: 1000 });
	const dead = await reachMedstack(moved, medstack.env).stop();
	assert.match(dead.lines[0] ?? "", /GET \/companies\/current: 500 /);
	assert.deepEqual(changes(medstack), []);
	assert.equal(existsSync(countsFile(moved)), false);
	assert.ok(
		[refused, elsewhere, dead].every(({ lines }) => !lines.join().includes(medstack.env.MEDSTACK_TOKEN_VALUE ?? "")),
	);
});

test("where queues are to run empty, the workers stop with the second freeze, and all come back", async (t) => {
	const { moved, medstack } = await start(t);
	const cluster = reachMedstack(withDrain(moved), medstack.env);
	await assert.rejects(
		cluster.stop(),
		/^Error: portal\.web is at 0 from now on\nmail\.cron is at 0 .*\nthe workers run on until nothing is in the queues of main; .*then freeze again/,
	);
	assert.deepEqual(replicasOf(medstack, OURS), { "portal-web": 0, worker: 3, scheduler: 0 });
	assert.deepEqual((await cluster.stop()).left, []);
	assert.deepEqual(replicasOf(medstack, OURS), { "portal-web": 0, worker: 0, scheduler: 0 });
	await cluster.start();
	assert.deepEqual(replicasOf(medstack), REPLICAS);
});

test("where a service that fills the queues is left to a person, the workers stop once that one says that it is at 0", async (t) => {
	const { moved, medstack } = await start(t);
	medstack.api.faults.add({ request: /^PATCH .*web$/, kind: "not-done", times: 1_000 });
	const timing = { requestMs: 300, readMs: 500, pauseMs: 5, changeMs: 100, resendMs: 50 };
	let asked = "";
	const drained = (isDone: boolean) =>
		reachMedstack(withDrain(moved), medstack.env, {
			timing,
			isDoneByHand: async (question) => {
				asked = question;
				return isDone;
			},
		});
	const first = await drained(false)
		.stop()
		.catch((error: Error) => error.message);
	assert.match(
		String(first),
		/^mail\.cron is at 0 from now on\nportal\.web: it shows 2 replicas, .*\nin MedStack, [\s\S]*what users reach: portal\.web\n[\s\S]*\nthe workers run on/,
	);
	const unanswered = await drained(false).stop();
	assert.deepEqual(unanswered.left, ["portal.web"]);
	assert.match(unanswered.lines.join("\n"), /portal\.web: it shows 2 replicas[\s\S]*the workers run on/);
	assert.match(asked, /what users reach: portal\.web\n[\s\S]*Once each of these is at 0, type done: $/);
	assert.equal(medstack.service("worker").replicas, 3);
	const done = await drained(true).stop();
	assert.deepEqual(done.left, []);
	assert.match(done.lines.join("\n"), /services at 0, by its API: mail\.cron, portal\.worker/);
	assert.equal(medstack.service("worker").replicas, 0);
});

test("a list of several pages is read whole", async (t) => {
	const { moved, medstack } = await start(t, { pageSize: 1 });
	assert.deepEqual((await reachMedstack(moved, medstack.env).stop()).left, []);
	assert.deepEqual(replicasOf(medstack, OURS), { "portal-web": 0, worker: 0, scheduler: 0 });
});

test("a service that was at 0 before is said to be so and stays there, and gone away from, a stop ends where it is", async (t) => {
	const gone = new AbortController();
	const { moved, medstack } = await start(t, {
		onRequest: ({ method }) => {
			if (method === "PATCH") gone.abort();
		},
	});
	await medstack.scale("scheduler", 0);
	await medstack.settled();
	await assert.rejects(reachMedstack(moved, medstack.env, { signal: gone.signal }).stop(), /the same command goes on/);
	assert.deepEqual(changes(medstack), ["portalweb 0"]);
	rmSync(path.dirname(countsFile(moved)), { recursive: true });
	await medstack.scale("portal-web", 2);
	await medstack.settled();
	const cluster = reachMedstack(moved, medstack.env);
	assert.match(
		(await cluster.stop()).lines[0] ?? "",
		/^mail\.cron: MedStack's scheduler is at 0 already, so that thaw leaves it/,
	);
	const { lines } = await cluster.start();
	assert.match(lines[0] ?? "", /^mail\.cron: MedStack's scheduler was at 0 before the freeze, and stays there$/);
	assert.deepEqual(replicasOf(medstack), { ...REPLICAS, scheduler: 0 });
});

test("a block that was copied into another stage stops nothing: not where both name the cluster, nor where its label is not typed", async (t) => {
	const { moved, medstack } = await start(t);
	const staging = path.join(moved.folder, "Pulumi.staging.yaml");
	for (const cluster of ["acme-prod", "k-7f3a"]) {
		writeFileSync(staging, `config:\n  medstack-to-aptible:move: { from: { cluster: ${cluster} } }\n`);
		await assert.rejects(
			reachMedstack(moved, medstack.env).stop(),
			new RegExp(`move\\.from\\.cluster is "${cluster}" in Pulumi\\.staging\\.yaml too, .*; remove it from the file`),
		);
	}
	writeFileSync(staging, "config: [");
	await assert.rejects(reachMedstack(moved, medstack.env).stop(), /whether Pulumi\.staging\.yaml names the same/);
	writeFileSync(staging, "config:\n  medstack-to-aptible:move: { from: { cluster: acme-staging } }\n");
	let asked = "";
	const confirm = async (question: string, label: string) => {
		asked = `${question}${label}`;
		return false;
	};
	await assert.rejects(
		reachMedstack(moved, medstack.env, { confirm }).stop(),
		/not answered with acme-prod; .*left as/,
	);
	assert.equal(
		asked,
		"MedStack's cluster acme-prod (k-7f3a) runs loadbalancer 1, portal-web 2, worker 3, scheduler 1, pgadmin 1, mover 1\nTo set portal-web, worker, scheduler of it to 0, type acme-prod: acme-prod",
	);
	assert.deepEqual(changes(medstack), []);
	assert.equal(existsSync(countsFile(moved)), false);
	// What is noted of one cluster is nothing of another's.
	await reachMedstack(moved, medstack.env).stop();
	const { lines } = await reachMedstack(moved, medstack.env, { cluster: "acme-staging" }).start();
	assert.match(lines[0] ?? "", /^no replicas of MedStack's cluster acme-staging are noted/);
	assert.match(lines[1] ?? "", /^replicas that are noted: acme-prod: portal-web 2, worker 3, scheduler 1$/);
	assert.deepEqual(
		medstack.staging.map(({ replicas }) => replicas),
		[1, 1, 1, 1, 1],
	);
	await reachMedstack(moved, medstack.env).start();
	assert.deepEqual(replicasOf(medstack), REPLICAS);
});

test("what the target has noted counts alone, and what another one has noted meanwhile stays", async (t) => {
	const { moved, medstack } = await start(t);
	const target = fileTarget(moved);
	const cluster = reachMedstack(moved, medstack.env, { target });
	await cluster.stop();
	const stale = readFileSync(countsFile(moved), "utf8");
	await cluster.start();
	// Of a night that another machine has ended.
	writeFileSync(countsFile(moved), stale);
	const { lines } = await cluster.start();
	assert.match(lines[1] ?? "", /^the file beside the stage has those of a night that the target does not know/);
	await medstack.scale("worker", 0);
	await medstack.settled();
	await cluster.stop();
	const { "k-7f3a": noted } = await target.read();
	assert.deepEqual(noted?.replicas, { "portal-web": 2, worker: 0, scheduler: 1 }, "a stale 3 is none of this night's");
	assert.ok(noted);
	const forget = target.forget;
	target.forget = async (id, replicas) => {
		await target.write(id, { ...noted, replicas: { ...noted.replicas, scheduler: 4 } });
		await forget(id, replicas);
	};
	await cluster.start();
	assert.deepEqual((await target.read())["k-7f3a"]?.replicas, { scheduler: 4 });
});

test("where the counts are not what this program writes, nothing is changed", async (t) => {
	const { moved, medstack } = await start(t);
	mkdirSync(path.dirname(countsFile(moved)), { recursive: true });
	writeFileSync(countsFile(moved), '{"worker": "three"}');
	await assert.rejects(reachMedstack(moved, medstack.env).stop(), /prod-services\.json is not what `freeze` writes/);
	assert.deepEqual(changes(medstack), []);
});

test("answers of another shape: Docker's number of replicas is read, and what says none is named with its fields", async (t) => {
	const moved = writeMedstackStage();
	const service = (id: number, name: string, more: object) => ({ id, name, ...more });
	const data = [
		{ kind: "lb" },
		service(1, "portal_web", { Spec: { Mode: { Replicated: { Replicas: 0 } } } }),
		service(2, "worker", { scale: 3 }),
		service(3, "scheduler", { deploy: { replicas: 0 } }),
		service(4, "other", { replicas: 1, deploy: { replicas: 2 } }),
	];
	t.after(() => rmSync(moved.folder, { recursive: true }));
	const { url: api } = await serveLocally(t, ({ url }, response) => {
		const lists = url?.endsWith("/clusters") ? [{ id: 7, label: "acme-prod" }] : data;
		const more = url?.endsWith("/services") ? { total_pages: 2, has_more: true } : {};
		response.end(JSON.stringify(url?.endsWith("current") ? { id: 1 } : { data: lists, ...more }));
	});
	const env = { MEDSTACK_API_URL: api };
	const { lines, left } = await reachMedstack(moved, env).stop();
	assert.deepEqual(left, ["portal.worker"]);
	assert.ok(lines.includes("portal.worker: MedStack's worker shows no number of replicas"));
	assert.deepEqual(lines.filter((line) => !/is at 0 already/.test(line)).slice(0, 7), [
		"MedStack's API: the list /companies/1/clusters/7/services has total_pages beside its entries, which is not understood; where it has pages, those after the first are not seen",
		"MedStack's API: the list /companies/1/clusters/7/services has more entries, and does not say where; they are not seen",
		"MedStack's API: entry 1 of the services has no id and name; its fields: kind",
		"MedStack's API: service worker shows no number of replicas; its fields: id, name, scale",
		"MedStack's API: service other shows replicas 1 and deploy.replicas 2; its fields: id, name, replicas, deploy",
		"MedStack's services at 0, by its API: portal.web, mail.cron",
		"MedStack also runs other, for which the stage file has no name; set to 0 by hand what has the database's login",
	]);
});
