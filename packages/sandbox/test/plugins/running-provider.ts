import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import process from "node:process";
import { credentials, Server, ServerCredentials, type ServiceError } from "@grpc/grpc-js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb.js";
import providerServices from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import type * as rpc from "@pulumi/pulumi/proto/provider_pb.js";
import provider from "@pulumi/pulumi/proto/provider_pb.js";
import type { Empty } from "google-protobuf/google/protobuf/empty_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import structpb from "google-protobuf/google/protobuf/struct_pb.js";

/** Properties as they are on the wire, wrappers and all. */
export type Wire = Record<string, structpb.JavaScriptValue>;

/** The wire form of a string that is not known yet. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The wire form of a secret. */
export function secret(value: structpb.JavaScriptValue): Wire {
	return { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value };
}

const PROVIDER = path.join(import.meta.dirname, "../../plugins/command-provider.ts");
const KINDS = ["add", "add_replace", "delete", "delete_replace", "update", "update_replace"];

type Done<Response> = (error: ServiceError | null, response: Response) => void;

/** The command provider in a process of its own, started and asked as the engine does it. */
export class RunningProvider {
	readonly logged: LogRequest.AsObject[] = [];
	readonly #child: ChildProcess;
	readonly #engine: Server;
	readonly #client: InstanceType<typeof providerServices.ResourceProviderClient>;

	private constructor(child: ChildProcess, engine: Server, port: string, logged: LogRequest.AsObject[]) {
		this.#child = child;
		this.#engine = engine;
		this.#client = new providerServices.ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
		this.logged = logged;
	}

	static async start(cwd: string): Promise<RunningProvider> {
		const logged: LogRequest.AsObject[] = [];
		const engine = new Server();
		engine.addService(engineServices.EngineService, {
			log: (call: { request: LogRequest }, done: (error: null, response: object) => void) => {
				logged.push(call.request.toObject());
				done(null, new empty.Empty());
			},
		});
		const enginePort = await new Promise<number>((resolve, reject) => {
			engine.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
				error ? reject(error) : resolve(port),
			);
		});
		const address = `127.0.0.1:${enginePort}`;
		const child = spawn(process.execPath, [PROVIDER, address], { cwd, stdio: ["pipe", "pipe", "inherit"] });
		const [line] = await once(child.stdout, "data");
		const running = new RunningProvider(child, engine, String(line).trim(), logged);
		const hello = new provider.ProviderHandshakeRequest().setEngineAddress(address);
		await ask<rpc.ProviderHandshakeResponse>((done) => running.#client.handshake(hello, done));
		const settings = new provider.ConfigureRequest().setSendsOldInputs(true).setAcceptsecrets(true);
		await ask<rpc.ConfigureResponse>((done) => running.#client.configure(settings, done));
		return running;
	}

	async check(news: Wire, type = "command:local:Command") {
		const request = new provider.CheckRequest().setUrn(urn("c", type)).setNews(struct(news));
		const response = await ask<rpc.CheckResponse>((done) => this.#client.check(request, done));
		return {
			inputs: response.getInputs()?.toJavaScript(),
			failures: response.getFailuresList().map((failure) => `${failure.getProperty()}: ${failure.getReason()}`),
		};
	}

	/** The changed paths and what happens to them, and whether the provider wants an update at all. */
	async diff(oldInputs: Wire, news: Wire, ignoreChanges: string[] = []) {
		const olds = struct({ ...oldInputs, stdout: "", stderr: "" });
		const request = new provider.DiffRequest().setUrn(urn("c")).setOlds(olds).setOldInputs(struct(oldInputs));
		request.setNews(struct(news)).setIgnorechangesList(ignoreChanges);
		const response = await ask<rpc.DiffResponse>((done) => this.#client.diff(request, done));
		const paths: Record<string, string | undefined> = {};
		response.getDetaileddiffMap().forEach((change, name) => {
			paths[name] = KINDS[change.getKind()];
		});
		return {
			changed: response.getChanges() === provider.DiffResponse.DiffChanges.DIFF_SOME,
			paths,
			replaces: response.getReplacesList(),
		};
	}

	async create(inputs: Wire, options: { preview?: boolean; timeout?: number; name?: string } = {}) {
		const request = new provider.CreateRequest().setUrn(urn(options.name ?? "c")).setProperties(struct(inputs));
		request.setPreview(options.preview ?? false).setTimeout(options.timeout ?? 0);
		const response = await ask<rpc.CreateResponse>((done) => this.#client.create(request, done));
		return { id: response.getId(), properties: response.getProperties()?.toJavaScript() ?? {} };
	}

	async update(olds: Wire, news: Wire, options: { preview?: boolean; ignoreChanges?: string[] } = {}) {
		const request = new provider.UpdateRequest().setUrn(urn("c")).setId("c00000000").setOlds(struct(olds));
		request
			.setNews(struct(news))
			.setIgnorechangesList(options.ignoreChanges ?? [])
			.setPreview(options.preview ?? false);
		const response = await ask<rpc.UpdateResponse>((done) => this.#client.update(request, done));
		return response.getProperties()?.toJavaScript() ?? {};
	}

	async delete(state: Wire, timeout = 0): Promise<void> {
		const request = new provider.DeleteRequest().setUrn(urn("c")).setProperties(struct(state)).setTimeout(timeout);
		await ask<Empty>((done) => this.#client.delete(request, done));
	}

	async read(id: string, properties: Wire, inputs: Wire) {
		const request = new provider.ReadRequest().setUrn(urn("c")).setId(id);
		request.setProperties(struct(properties)).setInputs(struct(inputs));
		const response = await ask<rpc.ReadResponse>((done) => this.#client.read(request, done));
		return {
			id: response.getId(),
			properties: response.getProperties()?.toJavaScript(),
			inputs: response.getInputs()?.toJavaScript(),
		};
	}

	async invoke(args: Wire, token = "command:local:run") {
		const request = new provider.InvokeRequest().setTok(token).setArgs(struct(args));
		const response = await ask<rpc.InvokeResponse>((done) => this.#client.invoke(request, done));
		return {
			result: response.getReturn()?.toJavaScript(),
			failures: response.getFailuresList().map((failure) => failure.getReason()),
		};
	}

	async cancel(): Promise<void> {
		await ask<Empty>((done) => this.#client.cancel(new empty.Empty(), done));
	}

	/** Interrupts the provider, as the engine does at the end of a run. */
	async stop(): Promise<void> {
		const ended = once(this.#child, "exit");
		this.#client.close();
		this.#child.kill("SIGINT");
		await ended;
		this.#engine.forceShutdown();
	}

	/** Lets go of the provider without a word, as an engine does that is killed; resolves when the provider has ended. */
	async abandon(): Promise<void> {
		const ended = once(this.#child, "exit");
		this.#client.close();
		this.#child.stdin?.end();
		await ended;
		this.#engine.forceShutdown();
	}
}

function ask<Response>(call: (done: Done<Response>) => unknown): Promise<Response> {
	return new Promise((resolve, reject) => {
		call((error, response) => (error ? reject(new Error(error.details)) : resolve(response)));
	});
}

function urn(name: string, type = "command:local:Command"): string {
	return `urn:pulumi:test::project::${type}::${name}`;
}

function struct(properties: Wire): structpb.Struct {
	return structpb.Struct.fromJavaScript(properties);
}
