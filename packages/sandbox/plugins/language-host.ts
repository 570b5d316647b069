import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import type { ServerWritableStream } from "@grpc/grpc-js";
import languageServices from "@pulumi/pulumi/proto/language_grpc_pb.js";
import type {
	GetProgramDependenciesRequest,
	GetRequiredPackagesRequest,
	LanguageHandshakeRequest,
	ProgramInfo,
	RunRequest,
} from "@pulumi/pulumi/proto/language_pb.js";
import language from "@pulumi/pulumi/proto/language_pb.js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { findExecutable, splitWords } from "./command-line.ts";
import type { Surroundings } from "./command-process.ts";
import { EngineLog } from "./engine-log.ts";
import { isEntry, type Plugin, serve, unary } from "./serve.ts";
import { type Ended, type NodeRun, runWarm } from "./warm-node.ts";

/**
 * Stand-in for `pulumi-language-nodejs`, which the engine's releases carry beside the CLI and which cannot be had as a
 * module. It runs programs with `options.typescript: false`, as this project's are; the rest it refuses.
 */

/** The version of the engine and the SDK that this stands beside. */
const VERSION = "3.259.0";

/** The SDK's exit code for "the user has already been told". */
const ALREADY_REPORTED = 32;

/** How long a program may take to end after an interrupt. */
const INTERRUPT_GRACE_MS = 5_000;

/** Where programs run. */
interface Place {
	surroundings: Surroundings;
	engineAddress: string;
	running: Set<ChildProcess>;
	/** Shows what programs print, where the engine does not hear this process's own streams. */
	log?: EngineLog;
}

async function run(request: RunRequest, place: Place): Promise<InstanceType<typeof language.RunResponse>> {
	const response = new language.RunResponse();
	const info = request.getInfo();
	const options = info?.getOptions()?.toJavaScript() ?? {};
	if (options.typescript !== false) {
		return response.setError(
			"the sandbox's stand-in for pulumi-language-nodejs runs programs as they are: " +
				"set runtime.options.typescript to false in Pulumi.yaml, or install the Pulumi CLI, which has the real one",
		);
	}
	const { surroundings, running, log } = place;
	const node = findExecutable("node", surroundings.env.PATH);
	if (!node) {
		return response.setError("could not find node on the $PATH");
	}
	const program = info?.getProgramDirectory() ?? request.getPwd();
	const runner = findRunner(program);
	if (!runner) {
		return response.setError("It looks like the Pulumi SDK has not been installed. Have you run pulumi install?");
	}
	const nodeArguments = splitWords(String(options.nodeargs ?? ""));
	const nodeRun: NodeRun = {
		node,
		flags: nodeArguments,
		script: runner,
		args: runnerArguments(request, program, place.engineAddress),
		env: {
			...surroundings.env,
			PULUMI_CONFIG: JSON.stringify(configForProgram(request)),
			PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
		},
		cwd: surroundings.cwd,
		...surroundings.warm,
	};
	const failure = await (log === undefined ? runOnce(nodeRun, running) : runAttached(nodeRun, { running, log })).catch(
		(error: Error) => `Problem executing program (could not run language executor): ${error.message}`,
	);
	await log?.waitUntilIdle();
	if (failure === 0) {
		return response;
	}
	if (failure === ALREADY_REPORTED) {
		return response.setBail(true);
	}
	return response.setError(
		typeof failure === "number" ? `Program exited with non-zero exit code: ${failure}` : failure,
	);
}

/** Runs a program in a process of its own, whose streams are the host's own, so that the program's output is the engine's to show. */
async function runOnce(run: NodeRun, running: Set<ChildProcess>): Promise<string | number> {
	const { node, flags = [], script, args, env, cwd } = run;
	const child = spawn(node, [...flags, script, ...args], { stdio: ["ignore", "inherit", "inherit"], cwd, env });
	running.add(child);
	const ended = once(child, "exit").finally(() => running.delete(child));
	return describe((await ended) as Ended);
}

/** Runs a program for an engine that does not hear this process's own streams. */
async function runAttached(
	run: NodeRun,
	{ running, log }: { running: Set<ChildProcess>; log: EngineLog },
): Promise<string | number> {
	const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
	const shown = Object.values(streams).map((input, index) => {
		const reader = createInterface({ input });
		return once(
			reader.on("line", (line) => log.print(line, index + 1)),
			"close",
		);
	});
	const { child, ended } = runWarm(run, (chunk, stream) => streams[stream].write(chunk));
	running.add(child);
	try {
		return describe(await ended);
	} finally {
		running.delete(child);
		for (const stream of Object.values(streams)) stream.end();
		await Promise.all(shown);
	}
}

function describe([code, signal]: Ended): string | number {
	return code ?? `Program exited unexpectedly: signal: ${signal}`;
}

function findRunner(program: string): string | undefined {
	try {
		return createRequire(path.join(program, "index.js")).resolve("@pulumi/pulumi/cmd/run");
	} catch {
		return undefined;
	}
}

function runnerArguments(request: RunRequest, program: string, engineAddress: string): string[] {
	const flags = {
		monitor: request.getMonitorAddress(),
		engine: engineAddress,
		organization: request.getOrganization(),
		project: request.getProject(),
		"root-directory": request.getInfo()?.getRootDirectory() ?? "",
		stack: request.getStack(),
		pwd: program,
		parallel: String(request.getParallel()),
	};
	return [
		...Object.entries(flags).flatMap(([name, value]) => (value ? [`--${name}`, value] : [])),
		...(request.getDryrun() ? ["--dry-run"] : []),
		request.getInfo()?.getEntryPoint() || ".",
		...request.getArgsList(),
	];
}

/** Keys reach the program in their older form, `project:config:name`, which every SDK version reads. */
function configForProgram(request: RunRequest): Record<string, string> {
	const config: Record<string, string> = {};
	for (const [key, value] of request.getConfigMap().toObject(true)) {
		const [namespace, ...rest] = key.split(":");
		config[`${namespace}:config:${rest.at(-1) ?? ""}`] = value;
	}
	return config;
}

function interruptPrograms({ running }: Place): void {
	for (const child of running) {
		child.kill("SIGINT");
		setTimeout(() => child.kill("SIGKILL"), INTERRUPT_GRACE_MS).unref();
	}
}

function about({ surroundings }: Place): InstanceType<typeof language.AboutResponse> {
	return new language.AboutResponse()
		.setExecutable(findExecutable("node", surroundings.env.PATH) ?? "")
		.setVersion(process.version);
}

function programDependencies(request: GetProgramDependenciesRequest) {
	const response = new language.GetProgramDependenciesResponse();
	for (const [name, version] of Object.entries(declaredDependencies(request.getInfo()))) {
		response.addDependencies(new language.DependencyInfo().setName(name).setVersion(version));
	}
	return response;
}

/** Each package that brings a provider, whether or not the program uses it: the engine looks for it in every run. */
function requiredPackages(request: GetRequiredPackagesRequest) {
	const response = new language.GetRequiredPackagesResponse();
	const info = request.getInfo();
	const require = createRequire(path.join(info?.getProgramDirectory() ?? "", "index.js"));
	for (const dependency of Object.keys(declaredDependencies(info))) {
		const { pulumi, version } = manifestOf(dependency, require);
		if (pulumi?.resource !== true) continue;
		const name = pulumi.name ?? dependency.replace("@pulumi/", "");
		const required = new plugin.PackageDependency().setName(name).setKind("resource");
		response.addPackages(required.setVersion(`v${pulumi.version ?? version}`).setServer(pulumi.server ?? ""));
	}
	return response;
}

/** What of a package's manifest is about Pulumi. */
interface Manifest {
	version?: string;
	pulumi?: { resource?: boolean; name?: string; version?: string; server?: string };
}

function manifestOf(dependency: string, require: NodeJS.Require): Manifest {
	const folders = require.resolve.paths(dependency) ?? [];
	const file = folders.map((folder) => path.join(folder, dependency, "package.json")).find(existsSync);
	return file === undefined ? {} : JSON.parse(readFileSync(file, "utf8"));
}

function declaredDependencies(info: ProgramInfo | undefined): Record<string, string> {
	try {
		const manifest = readFileSync(path.join(info?.getProgramDirectory() ?? "", "package.json"), "utf8");
		return JSON.parse(manifest).dependencies ?? {};
	} catch {
		return {};
	}
}

function installDependencies(call: ServerWritableStream<unknown, unknown>): void {
	// `npm run sandbox` installs them before it starts, so there is never anything left to do here.
	call.end();
}

/** The language host of one engine: of the one at `engineAddress`, or of the one that attaches itself to it. */
export function languageHost(surroundings: Surroundings, engineAddress?: string): Plugin {
	const place: Place = { surroundings, engineAddress: engineAddress ?? "", running: new Set() };
	return {
		service: languageServices.LanguageRuntimeService,
		implementation: {
			handshake: unary((request: LanguageHandshakeRequest) => {
				if (engineAddress === undefined) {
					place.log?.close();
					place.engineAddress = request.getEngineAddress();
					place.log = new EngineLog(place.engineAddress);
				}
				return new language.LanguageHandshakeResponse();
			}),
			getPluginInfo: unary(() => new plugin.PluginInfo().setVersion(VERSION)),
			about: unary(() => about(place)),
			getRequiredPackages: unary(requiredPackages),
			getRequiredPlugins: unary(() => new language.GetRequiredPluginsResponse()),
			getProgramDependencies: unary(programDependencies),
			runtimeOptionsPrompts: unary(() => new language.RuntimeOptionsResponse()),
			installDependencies,
			run: unary((request: RunRequest) => run(request, place)),
			cancel: unary(() => {
				interruptPrograms(place);
				return new empty.Empty();
			}),
		},
		abandoned: () => {
			interruptPrograms(place);
			place.log?.close();
		},
	};
}

if (isEntry(import.meta.filename)) {
	const engineAddress = process.argv.slice(2).findLast((argument) => !argument.startsWith("-")) ?? "";
	await serve(languageHost({ env: process.env, cwd: process.cwd() }, engineAddress));
}
