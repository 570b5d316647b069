/** What the way back waits for after DNS: also of domains that led to MedStack already; and services of which nothing is known. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, test } from "node:test";
import { listRunning } from "../../../move/back/command.ts";
import { findResolversEnd, waitUntil } from "../../../move/back/resolvers.ts";
import { notePoint } from "../../../move/dns/point-notes.ts";
import { ttlFloor, ttlNotesFile } from "../../../move/dns/ttl-notes.ts";
import { NOW } from "../killable.ts";
import { World } from "./world.ts";

const world = new World();
after(() => world.remove());

const secondsFor = (...pointed: Parameters<typeof findResolversEnd>[1][number][]) =>
	(findResolversEnd(world.moved, pointed, NOW).getTime() - NOW.getTime()) / 1000;

test("a domain that led to MedStack already is waited for as long as its noted TTL", () => {
	const domain = "portal.acme.example";
	const led = (seconds: number) => ({ domain, resolversUntil: new Date(NOW.getTime() + seconds * 1000) });
	assert.equal(secondsFor(), ttlFloor(world.moved), "nothing is noted on this machine");
	world.noteTtl(7200);
	assert.equal(secondsFor(), 7200);
	assert.equal(secondsFor(led(90)), 90, "what was led there now is reckoned by what it was");
	const former = { CNAME: { ttlSeconds: 9000, values: ["portal-new.acme.example"] } };
	notePoint(world.moved, { at: NOW.toISOString(), domain, to: "old", former, target: "portal-old.acme.example" });
	assert.equal(secondsFor(), 9000, "what it was before it was led back");
	rmSync(ttlNotesFile(world.moved));
});

test("a wait ends at its time, and is left with the command to go on", async () => {
	const said: string[] = [];
	const gone = new AbortController();
	await waitUntil(new Date(Date.now() + 20), (line) => void said.push(line), gone.signal);
	await waitUntil(NOW.getTime() < Date.now() ? NOW : new Date(0), (line) => void said.push(line), gone.signal);
	assert.deepEqual(said, ["waiting for 1 s more"]);
	const left = waitUntil(new Date(Date.now() + 60_000), () => {}, gone.signal);
	gone.abort();
	await assert.rejects(left, /left while it waited; to go on: npm run move -- back --stack STACK/);
});

test("a service of which Aptible says no number is not taken for one that has stopped", () => {
	const containers = new Map([
		["portal.web", 2],
		["portal.worker", 0],
		["admin.web", undefined],
	]);
	assert.deepEqual(listRunning(containers), ["portal.web", "admin.web (unknown)"]);
});
