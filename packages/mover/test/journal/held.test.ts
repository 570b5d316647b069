/** A way to the server on which nothing passes any more, and of which nobody is told. */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { isConnectionError } from "../../journal/errors.ts";
import { Lease } from "../../journal/lease.ts";
import { openJournalDatabase } from "../../journal/schema.ts";
import { Session } from "../../journal/session.ts";
import { connect } from "../../postgresql/connection.ts";
import { startTarget, type Target } from "../support/databases.ts";
import { Relay } from "../support/relay.ts";

let target: Target;
let relay: Relay;

before(async () => {
	target = await startTarget();
});
beforeEach(async () => {
	relay = await Relay.to(target.server.port);
});
afterEach(() => relay.stop());
after(() => target?.server.stop());

const open = (database: string) =>
	connect({ url: target.login.url.replace(/:\d+(?=\/)/, `:${relay.port}`) }, { database });

test("a session that gets no answer is given up, and the next question goes another way", async () => {
	const session = new Session(() => open("postgres"), 500);
	assert.deepEqual((await session.query("SELECT 1 AS n")).rows, [{ n: 1 }]);
	relay.hold(false);
	await assert.rejects(session.query("SELECT 2"), isConnectionError);
	assert.deepEqual((await session.query("SELECT 3 AS n")).rows, [{ n: 3 }]);
	await session.end();
});

test("a session that cannot be opened in 30 s fails as a connection does, which those who wait for a server try again", async () => {
	relay.hold(true);
	await assert.rejects(open("postgres"), isConnectionError);
});

test("a lease is lost at its end, and nobody waits for the server to take it back", async () => {
	const lease = await Lease.take({
		open: () => openJournalDatabase(open, ["db", "postgres"]),
		holder: "0123456789ab",
		seconds: 2,
		progress: () => ({}),
	});
	assert.ok(lease instanceof Lease);
	relay.hold(true);
	const started = performance.now();
	await new Promise((resolve) => lease.signal.addEventListener("abort", resolve));
	await lease.release();
	assert.ok(performance.now() - started < 10_000);
});
