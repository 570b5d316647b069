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
import { type CommandProcess, type Output, runCommand, type Surroundings } from "./command-process.ts";
import { EngineLog } from "./engine-log.ts";
import { Operations } from "./operations.ts";
import { diffProperties, diffResponse } from "./property-diff.ts";
import { deepEqual, fromStruct, type PropertyMap, toStruct, Unknown, withoutSecrets } from "./property-value.ts";
import { isEntry, serve } from "./serve.ts";
import { type Provider, providerPlugin } from "./serve-provider.ts";

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

/** What the commands of one connection run in. */
interface Place {
	operations: Operations;
	/** There once it is known where the engine is. */
	log?: EngineLog;
	surroundings: Surroundings;
}

/** The provider for one connection of an engine: of the one at `engineAddress`, or of the one that attaches itself to it. */
export function commandProvider(surroundings: Surroundings, engineAddress?: string): Provider {
	const place: Place = { operations: new Operations(), surroundings };
	if (engineAddress !== undefined) place.log = new EngineLog(engineAddress);
	return {
		name: "command",
		version: "1.2.1",
		operations: place.operations,
		engineIsAt: (address) => {
			place.log?.close();
			place.log = new EngineLog(address);
		},
		close: () => place.log?.close(),
		check,
		diff,
		create: (request) => create(request, place),
		read,
		update: (request) => update(request, place),
		remove: (request) => remove(request, place),
		invoke: (request) => invoke(request, place),
	};
}

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

async function create(request: rpc.CreateRequest, place: Place) {
	const inputs = fromStruct(request.getProperties());
	const command = decode(inputs, COMMAND_INPUTS);
	const response = new provider.CreateResponse().setId(nameOf(request.getUrn()) + randomBytes(4).toString("hex"));
	if (request.getPreview()) {
		return response.setProperties(toStruct({ ...inputs, stdout: new Unknown(), stderr: new Unknown() }));
	}
	const output = await run(request, command.create, command, { previous: { stdout: "", stderr: "" }, place });
	return response.setProperties(toStruct({ ...inputs, ...output }));
}

async function update(request: rpc.UpdateRequest, place: Place) {
	const olds = fromStruct(request.getOlds());
	const news = withIgnored(fromStruct(request.getNews()), olds, request.getIgnorechangesList());
	const previous = outputOf(decode(olds, COMMAND_OUTPUTS));
	const command = decode(news, COMMAND_INPUTS);
	const response = new provider.UpdateResponse();
	if (request.getPreview()) {
		const output = dependsOnChange(olds, news) ? { stdout: new Unknown(), stderr: new Unknown() } : previous;
		return response.setProperties(toStruct({ ...news, ...output }));
	}
	const output = await run(request, command.update ?? command.create, command, { previous, place });
	return response.setProperties(toStruct({ ...news, ...output }));
}

async function remove(request: rpc.DeleteRequest, place: Place) {
	const state = decode(fromStruct(request.getProperties()), COMMAND_OUTPUTS);
	await run(request, state.delete, state, { previous: outputOf(state), place });
}

/** There is no way to ask a command what it made, so what is recorded is what is. */
function read(request: rpc.ReadRequest) {
	return new provider.ReadResponse()
		.setId(request.getId())
		.setProperties(request.getProperties())
		.setInputs(request.getInputs());
}

async function invoke(request: rpc.InvokeRequest, place: Place) {
	if (request.getTok() !== RUN_TOKEN) {
		throw new Error(`Invoke '${request.getTok()}' not found: the sandbox's stand-in has ${RUN_TOKEN} only`);
	}
	const inputs = fromStruct(request.getArgs());
	const failures = checkShape(inputs, RUN_INPUTS);
	if (failures.length > 0) {
		return withFailures(new provider.InvokeResponse(), failures);
	}
	const command = decode<CommandProcess & { command: string }>(inputs, RUN_INPUTS);
	const previous = { stdout: "", stderr: "" };
	const output = await execute(command.command, command, { previous, place, urn: "", timeoutSeconds: 0 });
	return new provider.InvokeResponse().setReturn(toStruct({ ...withoutNulls(inputs), ...output }));
}

async function run(
	request: { getUrn(): string; getTimeout(): number },
	command: string | undefined,
	settings: CommandProcess,
	{ previous, place }: { previous: Output; place: Place },
): Promise<Output> {
	requireCommand(request.getUrn());
	if (command === undefined) {
		return previous;
	}
	const [urn, timeoutSeconds] = [request.getUrn(), request.getTimeout()];
	return execute(command, settings, { previous, place, urn, timeoutSeconds });
}

function execute(
	command: string,
	settings: CommandProcess,
	{ previous, place, urn, timeoutSeconds }: { previous: Output; place: Place; urn: string; timeoutSeconds: number },
): Promise<Output> {
	const { operations, log, surroundings } = place;
	const logLine = (line: string) => log?.status(urn, line);
	return operations.run(timeoutSeconds, (signal) =>
		runCommand({ command, process: settings, previous, log: logLine, signal, surroundings }).finally(() =>
			log?.waitUntilIdle(),
		),
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

if (isEntry(import.meta.filename)) {
	const engineAddress = process.argv.slice(2).findLast((argument) => !argument.startsWith("-")) ?? "";
	const surroundings = { env: process.env, cwd: process.cwd() };
	await serve(providerPlugin(() => commandProvider(surroundings, engineAddress)));
}
