/** `back` and `night` as a person types them: real servers, the mover, MedStack's API, and an engine that makes the phase of the file. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { startMedstack } from "@medstack-to-aptible/sandbox/medstack/cluster.ts";
import { noteByOperator } from "../../../move/operator-line.ts";
import { withSession } from "../../../packages/mover/postgresql/connection.ts";
import { Night } from "../../support/night.ts";

let night: Night;
before(async () => {
	night = await Night.start();
});
after(() => night?.stop());

/** What a switch asks of `pulumi`. */
const ENGINE = `#!/bin/sh
case "$1" in
	stack) printf '{"movePhase":"%s"}' "$(cat "$PHASE_FILE")" ;;
	up) sed -n 's/.*"phase":"\\([a-z]*\\)".*/\\1/p' "$STAGE_FILE" > "$PHASE_FILE" ;;
esac
`;

function standIn(phase: string): () => string {
	const bin = path.join(night.folder, "bin");
	const phaseFile = path.join(bin, "phase");
	mkdirSync(bin);
	writeFileSync(path.join(bin, "pulumi"), ENGINE);
	chmodSync(path.join(bin, "pulumi"), 0o755);
	writeFileSync(phaseFile, phase);
	Object.assign(night.clouds.env, { PHASE_FILE: phaseFile, STAGE_FILE: night.stageFile });
	process.env.PATH = `${bin}${path.delimiter}${process.env.PATH}`;
	return () => readFileSync(phaseFile, "utf8").trim();
}

test("rows that were written on Aptible keep MedStack shut until their loss is accepted; then it serves", async (t) => {
	const medstack = await startMedstack({
		resolve: async () => ["203.0.113.9"],
		services: { web: { replicas: 2 }, mover: { replicas: 1 } },
	});
	t.after(() => medstack.close());
	Object.assign(night.clouds.env, medstack.env);
	await night.inPhase("frozen", { from: { addresses: ["203.0.113.9"], cluster: "acme-prod" } });
	const phase = standIn("frozen");
	const mover = night.world.startMover();
	await mover.says(/waits for wishes/);
	for (const step of [["freeze", "--yes"], ["copy"], ["switch", "trial", "--yes"]]) {
		const { code, output } = await night.run(...step);
		assert.equal(code, 0, `${step.join(" ")}: ${output}\n--\n${mover.output}`);
	}
	assert.equal(phase(), "trial");
	assert.equal(medstack.service("web").replicas, 0);
	assert.match(
		readFileSync(path.join(night.folder, ".move/night.jsonl"), "utf8"),
		/"database":"main","step":"mark".*"format":"postgresql"/,
	);
	const target = night.world.targets.main;
	assert.ok(target);
	await withSession({ url: target.url("db") }, {}, async (client) => {
		await client.query("CREATE TABLE public.written AS SELECT n FROM generate_series(1, 40) AS n");
		await client.query("SELECT pg_stat_force_next_flush()");
	});

	const refused = await night.run("back", "--yes");
	assert.equal(refused.code, 1, refused.output);
	const rows = Number(/(\d+) rows written on Aptible would be lost, and 0 are accepted/.exec(refused.output)?.[1]);
	assert.ok(rows >= 40, refused.output);
	assert.match(refused.output, /Aptible: what has an endpoint runs[\s\S]*Nothing is changed$/m);
	assert.equal(phase(), "trial");
	const left = await night.run("night");
	assert.equal(left.code, 1, left.output);
	assert.match(left.output, /trial +done[\s\S]*going back now: \d+ rows written[\s\S]*left before live/);

	const began = Date.now();
	const back = await night.run("back", "--yes", "--accept-loss", String(rows));
	t.diagnostic(`back from trial: MedStack serves after ${((Date.now() - began) / 1000).toFixed(1)} s`);
	assert.equal(back.code, 0, `${back.output}\n--\n${mover.output}`);
	assert.match(back.output, /thaw of run r\d+: done[\s\S]*MedStack serves; the stage is in the phase frozen/);
	assert.equal(phase(), "frozen");
	assert.equal(medstack.service("web").replicas, 2);
	assert.ok(!existsSync(night.record));
	await mover.end("SIGTERM");

	await withSession({ url: target.url("move") }, {}, async (client) => {
		await noteByOperator(client, { step: "back", state: "begin", evidence: { phase: "frozen", accept: 0 } });
	});
	const beside = await night.run("freeze", "--yes");
	assert.match(beside.output, /a way back to MedStack was begun .* end it first: npm run move -- back --stack night/);
	assert.equal(medstack.service("web").replicas, 2, "what it would have shut first is as it was");
});
