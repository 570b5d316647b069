import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import providerServices from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import type * as rpc from "@pulumi/pulumi/proto/provider_pb.js";
import provider from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import type { Operations } from "./operations.ts";
import { diffResponse } from "./property-diff.ts";
import { type Plugin, unary } from "./serve.ts";

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
	/** Gives back what it holds. */
	close?(): void;
	configure?(request: rpc.ConfigureRequest): void;
	check: Method<rpc.CheckRequest, rpc.CheckResponse>;
	diff: Method<rpc.DiffRequest, rpc.DiffResponse>;
	create: Method<rpc.CreateRequest, rpc.CreateResponse>;
	read: Method<rpc.ReadRequest, rpc.ReadResponse>;
	update: Method<rpc.UpdateRequest, rpc.UpdateResponse>;
	remove: Method<rpc.DeleteRequest, void>;
	invoke: Method<rpc.InvokeRequest, rpc.InvokeResponse>;
}

/**
 * A provider as a plugin. An engine may load a provider more than once in a run, each time with a connection of its own and each to be
 * cancelled by itself, so each connection has one of its own.
 */
export function providerPlugin(make: () => Provider): Plugin {
	const byPeer = new Map<string, Provider>();
	const of = (peer: string): Provider => {
		const one = byPeer.get(peer) ?? make();
		byPeer.set(peer, one);
		return one;
	};
	return {
		service: providerServices.ResourceProviderService,
		implementation: {
			handshake: unary((request: rpc.ProviderHandshakeRequest, peer) => {
				of(peer).engineIsAt?.(request.getEngineAddress());
				return new provider.ProviderHandshakeResponse().setAcceptSecrets(true).setAcceptResources(true);
			}),
			attach: unary((request: plugin.PluginAttach, peer) => {
				of(peer).engineIsAt?.(request.getAddress());
				return new empty.Empty();
			}),
			getPluginInfo: unary((_, peer) => new plugin.PluginInfo().setVersion(of(peer).version)),
			getSchema: unary((_, peer) => {
				const { name, version } = of(peer);
				return new provider.GetSchemaResponse().setSchema(JSON.stringify({ name, version }));
			}),
			checkConfig: unary((request: rpc.CheckRequest) => new provider.CheckResponse().setInputs(request.getNews())),
			diffConfig: unary(() => diffResponse(new Map(), () => false)),
			configure: unary((request: rpc.ConfigureRequest, peer) => {
				of(peer).configure?.(request);
				return new provider.ConfigureResponse()
					.setAcceptsecrets(true)
					.setSupportspreview(true)
					.setAcceptresources(true);
			}),
			check: unary((request: rpc.CheckRequest, peer) => of(peer).check(request)),
			diff: unary((request: rpc.DiffRequest, peer) => of(peer).diff(request)),
			create: unary((request: rpc.CreateRequest, peer) => of(peer).create(request)),
			read: unary((request: rpc.ReadRequest, peer) => of(peer).read(request)),
			update: unary((request: rpc.UpdateRequest, peer) => of(peer).update(request)),
			delete: unary(async (request: rpc.DeleteRequest, peer) => {
				await of(peer).remove(request);
				return new empty.Empty();
			}),
			invoke: unary((request: rpc.InvokeRequest, peer) => of(peer).invoke(request)),
			cancel: unary((_, peer) => {
				of(peer).operations.cancel();
				return new empty.Empty();
			}),
		},
		abandoned: () => {
			for (const one of byPeer.values()) {
				one.operations.cancel();
				one.close?.();
			}
		},
	};
}
