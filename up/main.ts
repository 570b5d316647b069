/**
 * `npm run up -- [--release APP]... --stack STACK`: `pulumi up`, which knows no options of a program's, with the apps that it is to deploy from
 * the stage file though CI releases them. Further options are those of `pulumi up`; its exit code is passed on.
 */
import { spawn } from "node:child_process";
import { releaseVariable } from "../wire/app.ts";

const usage = "usage: npm run up -- [--release APP]... --stack STACK [any option of `pulumi up`]\n";

const [wanted, options] = splitReleases(process.argv.slice(2));
if (options.includes("--help") || wanted.includes("")) {
	(options.includes("--help") ? process.stdout : process.stderr).write(usage);
	process.exit(options.includes("--help") ? 0 : 1);
}
const env = { ...process.env, ...(wanted.length === 0 ? {} : { [releaseVariable]: wanted.join(",") }) };
// These reach both (Ctrl-C, `timeout`, a job that is cancelled), and it is Pulumi that ends an update: at the first one in order, at a second one at once.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
const child = spawn("pulumi", ["up", ...options], { env, stdio: "inherit" });
child.on("error", (error: NodeJS.ErrnoException) => {
	const isMissing = error.code === "ENOENT";
	const says = isMissing ? "the `pulumi` CLI is not on PATH: https://www.pulumi.com/docs/install/" : error.message;
	process.stderr.write(`${says}\n`);
	process.exitCode = 1;
});
child.on("exit", (code) => {
	process.exitCode = code ?? 1;
});

/** The apps of each `--release`, empty where one names none, and all other arguments as they are. */
function splitReleases(args: readonly string[]): [wanted: string[], options: string[]] {
	const [wanted, options]: [string[], string[]] = [[], []];
	const left = args.values();
	for (const arg of left) {
		const [, inline] = /^--release=(.*)$/.exec(arg) ?? [];
		if (arg === "--release" || inline !== undefined) wanted.push(inline ?? left.next().value ?? "");
		else options.push(arg);
	}
	return [wanted.map((name) => (name.startsWith("-") ? "" : name)), options];
}
