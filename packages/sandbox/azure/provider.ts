import process from "node:process";
import type * as rpc from "@pulumi/pulumi/proto/provider_pb.js";
import provider from "@pulumi/pulumi/proto/provider_pb.js";
import { Operations } from "../plugins/operations.ts";
import { diffProperties, diffResponse } from "../plugins/property-diff.ts";
import {
	deepEqual,
	fromStruct,
	type PropertyMap,
	toStruct,
	Unknown,
	withoutSecrets,
} from "../plugins/property-value.ts";
import { isEntry, serve } from "../plugins/serve.ts";
import { type Provider, providerPlugin } from "../plugins/serve-provider.ts";
import { normalLocation } from "./arm-values.ts";
import { Cloud, typeOf } from "./cloud.ts";
import { callFunction } from "./functions.ts";
import { subscriptionOf } from "./login.ts";
import { ArmStore } from "./store.ts";

/**
 * Stand-in for `pulumi-resource-azure-native` 3.28.0 in front of the sandbox's own Azure: the resource types that the program
 * uses, with the released provider's semantics and Azure Resource Manager's refusals.
 */

/** The Azure that one connection of an engine works with, once it has been configured. */
interface Login {
	operations: Operations;
	env: Readonly<NodeJS.ProcessEnv>;
	store?: ArmStore;
	cloud?: Cloud;
}

/** The provider for one connection of an engine with this environment. */
export function azureProvider(env: Readonly<NodeJS.ProcessEnv>): Provider {
	const login: Login = { operations: new Operations(), env };
	return {
		name: "azure-native",
		version: "3.28.0",
		operations: login.operations,
		configure: (request) => configure(request, login),
		close: () => login.store?.close(),
		check,
		diff,
		create: (request) => create(request, login),
		read: (request) => read(request, login),
		update: (request) => update(request, login),
		remove: (request) => remove(request, login),
		invoke: (request) => invoke(request, login),
	};
}

function configure(request: rpc.ConfigureRequest, login: Login) {
	const dir = login.env.AZURE_SANDBOX;
	if (!dir) throw new Error("AZURE_SANDBOX is not set: the stand-in for azure-native works in a sandbox only");
	login.store = new ArmStore(dir);
	login.cloud = new Cloud(login.store, subscriptionOf(fromStruct(request.getArgs()), login.env));
}

function azure({ cloud }: Login): Cloud {
	if (cloud === undefined) throw new Error("the provider has not been configured");
	return cloud;
}

/** Required inputs only, as in the released provider: the rest is for Azure to refuse. */
function check(request: rpc.CheckRequest) {
	const news = withoutNulls(fromStruct(request.getNews()));
	const type = typeOf(tokenOf(request.getUrn()));
	const response = new provider.CheckResponse().setInputs(toStruct(news));
	for (const property of [...type.required, type.name]) {
		if (news[property] !== undefined) continue;
		const reason = type.required.includes(property)
			? `missing required property '${property}'`
			: `'${property}' is not given: the stand-in makes up no names, so that none changes by accident`;
		response.addFailures(new provider.CheckFailure().setProperty(property).setReason(reason));
	}
	return response;
}

function diff(request: rpc.DiffRequest) {
	const type = typeOf(tokenOf(request.getUrn()));
	const changes = diffProperties(
		comparable(fromStruct(request.getOldInputs())),
		comparable(fromStruct(request.getNews())),
	);
	const response = diffResponse(changes, (path) => type.replaces.includes(path.split(/[.[]/, 1)[0] ?? path));
	// Names in Azure are unique, so that the new one would stand in the old one's way.
	return response.setDeletebeforereplace(response.getReplacesList().length > 0);
}

async function create(request: rpc.CreateRequest, login: Login) {
	const token = tokenOf(request.getUrn());
	const inputs = fromStruct(request.getProperties());
	if (request.getPreview()) {
		const outputs = Object.keys(typeOf(token).outputs({}, previewContext));
		const unknown = Object.fromEntries(outputs.map((key) => [key, new Unknown()]));
		return new provider.CreateResponse().setProperties(toStruct({ ...inputs, ...unknown }));
	}
	const resource = await login.operations.run(request.getTimeout(), () => azure(login).create(token, bare(inputs)));
	return new provider.CreateResponse().setId(resource.id).setProperties(toStruct(resource.state));
}

/** Keys of outputs are asked of an account that is nowhere. */
const previewContext = {
	blobUrl: "",
	store: { keys: () => ({ key1: "", key2: "", created: "" }), setting: () => undefined } as unknown as ArmStore,
};

async function update(request: rpc.UpdateRequest, login: Login) {
	const news = fromStruct(request.getNews());
	if (request.getPreview()) {
		return new provider.UpdateResponse().setProperties(toStruct({ ...fromStruct(request.getOlds()), ...news }));
	}
	const resource = await login.operations.run(request.getTimeout(), () =>
		azure(login).put(tokenOf(request.getUrn()), request.getId(), bare(news)),
	);
	return new provider.UpdateResponse().setProperties(toStruct(resource.state));
}

async function remove(request: rpc.DeleteRequest, login: Login) {
	await login.operations.run(request.getTimeout(), () => azure(login).remove(request.getId()));
}

/**
 * What is there now. An import knows nothing but the id, and gets every setting as an input, those of Azure's own making included; a
 * refresh gets the inputs of its state with what has changed since (source: provider.go, Read).
 */
function read(request: rpc.ReadRequest, login: Login) {
	const token = tokenOf(request.getUrn());
	const resource = azure(login).find(token, request.getId());
	if (resource === undefined) return new provider.ReadResponse();
	const before = fromStruct(request.getProperties());
	const inputs = fromStruct(request.getInputs());
	const settings = settingsOf(token, resource.state);
	const known = Object.keys(inputs).length === 0 ? settings : withChanges(inputs, settingsOf(token, before), settings);
	return new provider.ReadResponse()
		.setId(resource.id)
		.setProperties(toStruct(resource.state))
		.setInputs(toStruct(known));
}

/** Of what Azure answers, what can be asked for. */
function settingsOf(token: string, state: PropertyMap): PropertyMap {
	const type = typeOf(token);
	const answers = type.outputs({}, previewContext);
	const settings = Object.entries(state).filter(([key]) => !(key in answers));
	return { ...Object.fromEntries(settings), ...type.asked?.(state) };
}

function withChanges(inputs: PropertyMap, before: PropertyMap, now: PropertyMap): PropertyMap {
	const keys = new Set([...Object.keys(inputs), ...Object.keys(now)]);
	const entries = [...keys].map((key) => [
		key,
		deepEqual(before[key] ?? null, now[key] ?? null) ? inputs[key] : now[key],
	]);
	return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function invoke(request: rpc.InvokeRequest, login: Login) {
	const args = bare(fromStruct(request.getArgs()));
	return new provider.InvokeResponse().setReturn(toStruct(callFunction(request.getTok(), args, azure(login))));
}

function tokenOf(urn: string): string {
	return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

/** Inputs as Azure sees them. */
function bare(properties: PropertyMap): PropertyMap {
	return withoutSecrets(withoutNulls(properties)) as PropertyMap;
}

/** Inputs as they are compared: the provider sees one location in `Canada Central` and `canadacentral`. */
function comparable(properties: PropertyMap): PropertyMap {
	const inputs = withoutNulls(properties);
	const { location } = inputs;
	return typeof location === "string" ? { ...inputs, location: normalLocation(location) } : inputs;
}

function withoutNulls(properties: PropertyMap): PropertyMap {
	const entries = Object.entries(properties).filter(([key, value]) => value !== null && !key.startsWith("__"));
	return Object.fromEntries(entries);
}

if (isEntry(import.meta.filename)) await serve(providerPlugin(() => azureProvider(process.env)));
