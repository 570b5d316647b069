/** A connection that ends, wherever and however, ends no run. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { withSession } from "../postgresql/connection.ts";
import { execute } from "./support/databases.ts";
import type { MoverProcess } from "./support/mover-process.ts";
import { RealMove } from "./support/real-move.ts";
import { Relay } from "./support/relay.ts";

/** Bytes after which a flow is in the middle of the rows. */
const MIDDLE = 3e6;

let move: RealMove;
before(async () => {
	move = await RealMove.start();
	// Each row takes its time on the target too, and all are more than what sockets and the relay hold.
	await execute(
		move.source.login,
		`CREATE SCHEMA s; CREATE TABLE s.slow (id int, t text, CHECK (pg_sleep(0.02)::text IS NOT NULL));
		ALTER TABLE s.slow ALTER t SET STORAGE EXTERNAL;
		INSERT INTO s.slow SELECT g, repeat('x', 100000) FROM generate_series(1, 250) g;
		CREATE TABLE s.other AS SELECT generate_series(1, 10) AS n`,
	);
});
after(() => move?.stop());

async function untilMiddle(relay: Relay, mover: MoverProcess): Promise<void> {
	const deadline = Date.now() + 120_000;
	while (relay.largest < MIDDLE) {
		assert.ok(Date.now() < deadline, mover.output);
		await sleep(20);
	}
}

for (const side of ["source", "target"] as const) {
	test(`the ${side}'s stream is reset while rows travel: the run says so, and goes on to a copy that is equal`, async () => {
		const relay = await Relay.to(move[side].server.port);
		try {
			const mover = move.startMover({ [`${side}Port`]: relay.port });
			const over = await move.ask("copy", { again: true });
			await untilMiddle(relay, mover);
			relay.resetLargest();
			const copied = await over();
			assert.equal(copied.state, "done", mover.output);
			assert.match(mover.output, /a connection has ended \(rows of s\.slow: .*\); the run goes on from what is done/);
			const { rows } = await withSession(move.target.login, {}, (client) =>
				client.query("SELECT count(*)::int AS n FROM s.slow"),
			);
			assert.deepEqual(rows, [{ n: 250 }]);
		} finally {
			await move.endMovers();
			await relay.stop();
		}
	});
}

test("the network to the target is cut while rows travel: the mover gives up its lease, and goes on once there is a way again", async () => {
	const relay = await Relay.to(move.target.server.port);
	try {
		const mover = move.startMover({ targetPort: relay.port });
		const over = await move.ask("copy", { again: true });
		await untilMiddle(relay, mover);
		relay.hold(true);
		await mover.says(/the lease of epoch \d+ is lost: .*; it begins anew/);
		relay.open();
		const copied = await over();
		assert.equal(copied.state, "done", mover.output);
	} finally {
		await move.endMovers();
		await relay.stop();
	}
});
