import process from "node:process";
import {
	type handleUnaryCall,
	Server,
	ServerCredentials,
	type ServiceDefinition,
	status,
	type UntypedServiceImplementation,
} from "@grpc/grpc-js";

/** The engine allows itself messages of this size, and a whole state can pass in one. */
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024;

/** One plugin: what it serves, and what it does before it goes. */
export interface Plugin {
	service: ServiceDefinition;
	implementation: UntypedServiceImplementation;
	/** Ends what is under way when the engine is lost. */
	abandoned: () => void;
}

/** Serves one plugin on a free local port. */
export async function listen({ service, implementation }: Plugin): Promise<{ port: number; server: Server }> {
	const server = new Server({
		"grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
		"grpc.max_send_message_length": MAX_MESSAGE_BYTES,
	});
	server.addService(service, implementation);
	const port = await new Promise<number>((resolve, reject) => {
		server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
			error ? reject(error) : resolve(bound),
		);
	});
	return { port, server };
}

/** Whether this process was started for a file, which another one may import as well. */
export function isEntry(file: string): boolean {
	return process.argv[1] === file;
}

/**
 * Serves one plugin as a process of its own, with the port as the first line of stdout, which is how the engine finds a plugin.
 * The process ends with the engine's interrupt, or when the engine is gone (its end of stdin closes).
 */
export async function serve(plugin: Plugin): Promise<void> {
	const { port } = await listen(plugin);
	process.stdout.write(`${port}\n`);
	process.on("SIGINT", () => process.exit(0));
	process.on("SIGTERM", () => process.exit(0));
	process.stdin.resume();
	process.stdin.on("error", () => {});
	process.stdin.on("close", () => {
		plugin.abandoned();
		process.exit(0);
	});
}

/** A gRPC handler from an async function; what it throws becomes the call's error, as its message alone. */
export function unary<Request, Response>(
	handle: (request: Request, peer: string) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
	return (call, callback) => {
		Promise.resolve()
			.then(() => handle(call.request, call.getPeer()))
			.then(
				(response) => callback(null, response),
				(error: unknown) =>
					callback({ code: status.UNKNOWN, details: error instanceof Error ? error.message : String(error) }),
			);
	};
}
