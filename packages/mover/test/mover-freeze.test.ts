/** A night with a freeze, by movers as processes: what the freeze takes away on the source is there on the target. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { MEDSTACK_DATABASE } from "@medstack-to-aptible/sandbox/medstack/source.ts";
import type { Command } from "../journal/wishes.ts";
import { connect, withSession } from "../postgresql/connection.ts";
import { readLocks } from "../postgresql/locks.ts";
import { execute } from "./support/databases.ts";
import type { MoverProcess } from "./support/mover-process.ts";
import { RealMove } from "./support/real-move.ts";

let move: RealMove;
let mover: MoverProcess;

before(async () => {
	move = await RealMove.start();
	await execute(
		move.source.login,
		`CREATE TABLE public.t (id int PRIMARY KEY); INSERT INTO public.t SELECT generate_series(1, 100);
		GRANT SELECT, INSERT ON public.t TO app_rw;
		REVOKE CONNECT ON DATABASE ${MEDSTACK_DATABASE} FROM PUBLIC; GRANT CONNECT ON DATABASE ${MEDSTACK_DATABASE} TO app_rw`,
	);
	await execute(move.source.superuser, "ALTER ROLE app_rw CONNECTION LIMIT 7");
});
after(() => move?.stop());

const app = () => ({ url: move.source.server.url(MEDSTACK_DATABASE, { name: "app_rw", password: "x" }) });
const locks = () => withSession(move.source.superuser, {}, async (client) => new Map(await readLocks(client)));

async function perform(command: Command): Promise<void> {
	const { state } = await (await move.ask(command))();
	assert.equal(state, "done", mover.output);
}

test("check warns days before that an application has the mover's own login", async () => {
	const portal = await connect(move.source.login, { settings: { application_name: "portal" } });
	mover = move.startMover();
	await perform("check");
	assert.match(mover.output, /main: warning: the mover logs in as medadmin, and so does an application \(session \d+/);
	await portal.end();
	await mover.end("SIGTERM");
});

test("a killed freeze goes on, the frozen source is copied with the rights that it had before, and thaw brings them back", async () => {
	const open = await locks();
	const idle = await connect(app());
	mover = move.startMover({ killAt: "main freeze 2964 begin" });
	const over = await move.ask("freeze");
	await mover.killed();
	assert.match(mover.output, /r2 main freeze 1262\.\d+ note \{.*"connect":true/);
	assert.match(mover.output, /r2 main freeze 1260\.\d+ note \{.*"limit":7/);
	mover = move.startMover({ proofSeconds: 1 });
	assert.equal((await over()).state, "done", mover.output);
	assert.match(mover.output, /two samples of the source, 1 s apart/);
	await assert.rejects(idle.query("SELECT 1"));
	await assert.rejects(connect(app()), /too many connections|permission denied/);

	await perform("copy");
	await perform("verify");
	const { rows } = await withSession(move.target.login, {}, (client) =>
		client.query(`SELECT has_database_privilege('app_rw', current_database(), 'CONNECT') AS app,
			has_database_privilege('app_ro', current_database(), 'CONNECT') AS others,
			current_setting('default_transaction_read_only') AS "readOnly", (SELECT count(*)::int FROM public.t) AS rows,
			(SELECT rolconnlimit FROM pg_roles WHERE rolname = 'app_rw') AS "limit"`),
	);
	assert.deepEqual(rows, [{ app: true, others: false, readOnly: "off", rows: 100, limit: 7 }]);

	await perform("thaw");
	assert.deepEqual(await locks(), open);
	await withSession(app(), {}, (client) => client.query("INSERT INTO public.t VALUES (101)"));
	assert.match(mover.output, /main: \d+ things of its freeze are as they were/);
});

test("what stands in the way ends a freeze with its fix, and says how to give the source back", async () => {
	await execute(
		move.source.superuser,
		`GRANT CONNECT ON DATABASE ${MEDSTACK_DATABASE} TO app_rw WITH GRANT OPTION; SET ROLE app_rw; GRANT CONNECT ON DATABASE ${MEDSTACK_DATABASE} TO app_ro`,
	);
	const { state, reason } = await (await move.ask("freeze"))();
	assert.deepEqual([state, reason], ["failed", "blockers"], mover.output);
	assert.match(
		mover.output,
		/main: blocker: app_ro may connect by a grant of app_rw's.*as app_rw: REVOKE CONNECT ON DATABASE clinic FROM app_ro/,
	);
	assert.match(mover.output, /1 blockers, see the lines above; what is shut stays shut until: npm run move -- thaw/);
});
