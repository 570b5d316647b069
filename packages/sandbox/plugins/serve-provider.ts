import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import providerServices from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import type * as rpc from "@pulumi/pulumi/proto/provider_pb.js";
import provider from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import type { Operations } from "./operations.ts";
import { diffResponse } from "./property-diff.ts";
import { serve, unary } from "./serve.ts";

type Method<Request, Response> = (request: Request) => Response | Promise<Response>;

/** A provider plugin: its name, and what it does in a way of its own. */
export interface Provider {
	/** As in `pulumi-resource-NAME`. */
	name: string;
	version: string;
	/** What it is doing; an engine that is cancelled or lost cancels it. */
	operations: Operations;
	/** Hears where the engine is, and hears it again when that changes. */
	engineIsAt?(address: string): void;
	configure?(request: rpc.ConfigureRequest): void;
	check: Method<rpc.CheckRequest, rpc.CheckResponse>;
	diff: Method<rpc.DiffRequest, rpc.DiffResponse>;
	create: Method<rpc.CreateRequest, rpc.CreateResponse>;
	read: Method<rpc.ReadRequest, rpc.ReadResponse>;
	update: Method<rpc.UpdateRequest, rpc.UpdateResponse>;
	remove: Method<rpc.DeleteRequest, void>;
	invoke: Method<rpc.InvokeRequest, rpc.InvokeResponse>;
}

/** Serves a provider to the engine. */
export async function serveProvider(one: Provider): Promise<void> {
	const { name, version, operations } = one;
	await serve({
		service: providerServices.ResourceProviderService,
		implementation: {
			handshake: unary((request: rpc.ProviderHandshakeRequest) => {
				one.engineIsAt?.(request.getEngineAddress());
				return new provider.ProviderHandshakeResponse().setAcceptSecrets(true).setAcceptResources(true);
			}),
			attach: unary((request: plugin.PluginAttach) => {
				one.engineIsAt?.(request.getAddress());
				return new empty.Empty();
			}),
			getPluginInfo: unary(() => new plugin.PluginInfo().setVersion(version)),
			getSchema: unary(() => new provider.GetSchemaResponse().setSchema(JSON.stringify({ name, version }))),
			checkConfig: unary((request: rpc.CheckRequest) => new provider.CheckResponse().setInputs(request.getNews())),
			diffConfig: unary(() => diffResponse(new Map(), () => false)),
			configure: unary((request: rpc.ConfigureRequest) => {
				one.configure?.(request);
				return new provider.ConfigureResponse()
					.setAcceptsecrets(true)
					.setSupportspreview(true)
					.setAcceptresources(true);
			}),
			check: unary(one.check),
			diff: unary(one.diff),
			create: unary(one.create),
			read: unary(one.read),
			update: unary(one.update),
			delete: unary(async (request: rpc.DeleteRequest) => {
				await one.remove(request);
				return new empty.Empty();
			}),
			invoke: unary(one.invoke),
			cancel: unary(() => {
				operations.cancel();
				return new empty.Empty();
			}),
		},
		abandoned: () => operations.cancel(),
	});
}
