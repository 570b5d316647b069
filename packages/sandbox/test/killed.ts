/** Starts a server of each kind of process, shows their ids in a line each, and waits to be killed. */
import process from "node:process";
import { startProcess } from "../medstack/process-instance.ts";
import { startPostgres } from "../postgresql/server.ts";
import { startRedis } from "../redis/server.ts";
import { run } from "../run.ts";

const shell = (text: string) => ["-c", `echo pid $$; ${text}`];
const servers = await Promise.all([startPostgres({ major: 17 }), startRedis({ release: "trixie" })]);
// It outlives every signal but one.
await startProcess({
	program: "/bin/sh",
	args: shell("trap '' TERM; while :; do sleep 0.1; done"),
	env: {},
	onOutput: (text) => process.stdout.write(text),
});
void run("/bin/sh", shell("exec sleep 600"), { cwd: "/", env: {}, inherit: true });
for (const { pid } of servers) process.stdout.write(`pid ${pid}\n`);
