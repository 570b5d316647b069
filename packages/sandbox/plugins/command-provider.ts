import { randomBytes } from "node:crypto";
import process from "node:process";
import type * as rpc from "@pulumi/pulumi/proto/provider_pb.js";
import provider from "@pulumi/pulumi/proto/provider_pb.js";
import {
	COMMAND_INPUTS,
	COMMAND_OUTPUTS,
	checkShape,
	describeFailures,
	type Failure,
	RUN_INPUTS,
	type Shape,
} from "./command-inputs.ts";
import { type CommandProcess, type Output, runCommand } from "./command-process.ts";
import { EngineLog } from "./engine-log.ts";
import { Operations } from "./operations.ts";
import { diffProperties, diffResponse } from "./property-diff.ts";
import { deepEqual, fromStruct, type PropertyMap, toStruct, Unknown, withoutSecrets } from "./property-value.ts";
import { serveProvider } from "./serve-provider.ts";

/**
 * Stand-in for `pulumi-resource-command` 1.2.1 where the released one cannot be downloaded: `command:local:Command` and
 * `command:local:run`, with the released provider's semantics down to its messages.
 */

const COMMAND_TYPE = "command:local:Command";
const RUN_TOKEN = "command:local:run";

/** The properties of a Command once checked: what says how to run it, and what to run. */
interface Command extends CommandProcess {
	create?: string;
	update?: string;
	delete?: string;
}

const operations = new Operations();
let log = new EngineLog(process.argv.slice(2).findLast((argument) => !argument.startsWith("-")) ?? "");

function check(request: rpc.CheckRequest) {
	requireCommand(request.getUrn());
	const news = fromStruct(request.getNews());
	const failures = checkShape(news, COMMAND_INPUTS);
	const response = new provider.CheckResponse().setInputs(toStruct(failures.length > 0 ? news : withoutNulls(news)));
	return withFailures(response, failures);
}

function diff(request: rpc.DiffRequest) {
	const olds = fromStruct(request.getOlds());
	const news = withIgnored(fromStruct(request.getNews()), olds, request.getIgnorechangesList());
	const declared = Object.entries(news).filter(([key]) => key !== "version" && !key.startsWith("__"));
	const changes = diffProperties(fromStruct(request.getOldInputs()), Object.fromEntries(declared));
	// Only the list as a whole replaces here; for its elements the SDK asks for it, with replaceOnChanges.
	return diffResponse(changes, (path) => path === "triggers");
}

async function create(request: rpc.CreateRequest) {
	const inputs = fromStruct(request.getProperties());
	const command = decode(inputs, COMMAND_INPUTS);
	const response = new provider.CreateResponse().setId(nameOf(request.getUrn()) + randomBytes(4).toString("hex"));
	if (request.getPreview()) {
		return response.setProperties(toStruct({ ...inputs, stdout: new Unknown(), stderr: new Unknown() }));
	}
	const output = await run(request, command.create, command, { stdout: "", stderr: "" });
	return response.setProperties(toStruct({ ...inputs, ...output }));
}

async function update(request: rpc.UpdateRequest) {
	const olds = fromStruct(request.getOlds());
	const news = withIgnored(fromStruct(request.getNews()), olds, request.getIgnorechangesList());
	const previous = outputOf(decode(olds, COMMAND_OUTPUTS));
	const command = decode(news, COMMAND_INPUTS);
	const response = new provider.UpdateResponse();
	if (request.getPreview()) {
		const output = dependsOnChange(olds, news) ? { stdout: new Unknown(), stderr: new Unknown() } : previous;
		return response.setProperties(toStruct({ ...news, ...output }));
	}
	const output = await run(request, command.update ?? command.create, command, previous);
	return response.setProperties(toStruct({ ...news, ...output }));
}

async function remove(request: rpc.DeleteRequest) {
	const state = decode(fromStruct(request.getProperties()), COMMAND_OUTPUTS);
	await run(request, state.delete, state, outputOf(state));
}

/** There is no way to ask a command what it made, so what is recorded is what is. */
function read(request: rpc.ReadRequest) {
	return new provider.ReadResponse()
		.setId(request.getId())
		.setProperties(request.getProperties())
		.setInputs(request.getInputs());
}

async function invoke(request: rpc.InvokeRequest) {
	if (request.getTok() !== RUN_TOKEN) {
		throw new Error(`Invoke '${request.getTok()}' not found: the sandbox's stand-in has ${RUN_TOKEN} only`);
	}
	const inputs = fromStruct(request.getArgs());
	const failures = checkShape(inputs, RUN_INPUTS);
	if (failures.length > 0) {
		return withFailures(new provider.InvokeResponse(), failures);
	}
	const command = decode<CommandProcess & { command: string }>(inputs, RUN_INPUTS);
	const output = await execute(command.command, command, { stdout: "", stderr: "" }, { urn: "", timeoutSeconds: 0 });
	return new provider.InvokeResponse().setReturn(toStruct({ ...withoutNulls(inputs), ...output }));
}

async function run(
	request: { getUrn(): string; getTimeout(): number },
	command: string | undefined,
	settings: CommandProcess,
	previous: Output,
): Promise<Output> {
	requireCommand(request.getUrn());
	if (command === undefined) {
		return previous;
	}
	return execute(command, settings, previous, { urn: request.getUrn(), timeoutSeconds: request.getTimeout() });
}

function execute(
	command: string,
	settings: CommandProcess,
	previous: Output,
	{ urn, timeoutSeconds }: { urn: string; timeoutSeconds: number },
): Promise<Output> {
	const logLine = (line: string) => log.status(urn, line);
	return operations.run(timeoutSeconds, (signal) =>
		runCommand({ command, process: settings, previous, log: logLine, signal }).finally(() => log.waitUntilIdle()),
	);
}

/** The released provider has three more resource types, all of them over SSH; none has a stand-in. */
function requireCommand(urn: string): void {
	const type = urn.split("::")[2]?.split("$").at(-1);
	if (type !== COMMAND_TYPE) {
		throw new Error(`the sandbox's stand-in for the command provider has ${COMMAND_TYPE} only, not ${type}`);
	}
}

function decode<Decoded = Command>(properties: PropertyMap, shape: Shape): Decoded {
	const failures = checkShape(properties, shape);
	if (failures.length > 0) {
		throw new Error(describeFailures(failures));
	}
	return withoutSecrets(withoutNulls(properties)) as Decoded;
}

function outputOf(state: Command & Partial<Output>): Output {
	return { stdout: state.stdout ?? "", stderr: state.stderr ?? "" };
}

/** Whether the output of an update is in doubt: an input that was there before is changed, gone, or not known yet. */
function dependsOnChange(olds: PropertyMap, news: PropertyMap): boolean {
	return Object.keys(COMMAND_INPUTS.types).some(
		(key) => news[key] instanceof Unknown || (key in olds && !deepEqual(olds[key], news[key])),
	);
}

function withIgnored(news: PropertyMap, olds: PropertyMap, ignored: string[]): PropertyMap {
	const kept = ignored.flatMap((key) => (olds[key] === undefined ? [] : [[key, olds[key]] as const]));
	return { ...news, ...Object.fromEntries(kept) };
}

function withoutNulls(properties: PropertyMap): PropertyMap {
	return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== null));
}

function withFailures<Response extends rpc.CheckResponse | rpc.InvokeResponse>(
	response: Response,
	failures: Failure[],
) {
	for (const { property, reason } of failures) {
		response.addFailures(new provider.CheckFailure().setProperty(property).setReason(reason));
	}
	return response;
}

function nameOf(urn: string): string {
	return urn.split("::").slice(3).join("::");
}

await serveProvider({
	name: "command",
	version: "1.2.1",
	operations,
	engineIsAt: (address) => {
		log = new EngineLog(address);
	},
	check,
	diff,
	create,
	read,
	update,
	remove,
	invoke,
});
