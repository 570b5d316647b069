/** References to endpoints of apps: `${apps.NAME.endpoints.NAME.url}` and `.host`. */
import { addressAt } from "../wire/endpoint-address.ts";
import { lookUp } from "../wire/own.ts";
import { addressParts, type EndpointReference, hostReference, readEndpointReference } from "../wire/references.ts";
import { rewriteReferences } from "../wire/template.ts";
import type { App } from "./app.ts";
import type { Draft } from "./draft.ts";
import { mapValues } from "./map-values.ts";
import { findNearestWord, suggest, tellDeclared, tellFormer } from "./near-miss.ts";

type EndpointDraft = NonNullable<NonNullable<NonNullable<NonNullable<Draft["apps"]>[string]>["endpoints"]>[string]>;

/** Reads one reference, or says what is wrong with it. */
export function readEndpoint(reference: string): ({ kind: "endpoint" } & EndpointReference) | string {
	const read = readEndpointReference(reference);
	if (read !== undefined) return { kind: "endpoint", ...read };
	const [, app = reference.split(".")[1] || "NAME", endpoint = "NAME", attribute] =
		/^apps\.(.+?)\.endpoints(?:\.([^.]+)(?:\.([^.]+))?)?$/.exec(reference) ?? [];
	if (attribute === undefined) {
		return `names no address of an endpoint; write \${apps.${app}.endpoints.${endpoint}.url}, or .host`;
	}
	const meant = attribute.toLowerCase() === "hostname" ? "host" : findNearestWord(attribute, addressParts);
	return `refers to ${JSON.stringify(attribute)} of an endpoint; allowed: ${addressParts.join(", ")}${suggest(meant)}`;
}

/** Says what is wrong with a reference that reads well, or nothing if the stage has what it asks for. */
export function unknownEndpoint(
	{ app: handle, endpoint: name, part }: EndpointReference,
	draft: Draft,
): string | undefined {
	const { apps = {} } = draft;
	// Written, but not readable: whether the name is there cannot be said.
	if (draft.apps === undefined && "apps" in draft) return undefined;
	const handles = Object.keys(apps);
	if (!handles.includes(handle)) {
		const near = suggest(findNearestWord(handle, handles));
		return `refers to an app that is not under apps; ${tellDeclared(handles)}${tellFormer(handle, apps) ?? near}`;
	}
	const app = lookUp(apps, handle);
	if (app === undefined || ("endpoints" in app && app.endpoints === undefined)) return undefined;
	const { endpoints = {} } = app;
	const names = Object.keys(endpoints);
	if (!names.includes(name)) {
		const near = suggest(findNearestWord(name, names));
		const former = tellFormer(name, endpoints);
		return `refers to an endpoint that app "${handle}" does not have; ${tellDeclared(names)}${former ?? near}`;
	}
	const domain = lookUp(endpoints, name)?.domain;
	if (domain?.startsWith("*.") !== true) return undefined;
	return `leads to ${domain}, which is no one address; write the host name that is meant${part === "url" ? ", with https:// before it" : ""}`;
}

/** What is known of the host name of an endpoint before it is there. */
export type HostKnowledge = "known" | "default domain" | "made with it";

/** An app has its default domain by its id, everything else without a domain when its load balancer is there (facts/aptible.md §4.3). */
export function knowHost({ domain, defaultDomain }: Pick<EndpointDraft, "domain" | "defaultDomain">): HostKnowledge {
	if (defaultDomain === true) return "default domain";
	return domain === undefined ? "made with it" : "known";
}

/**
 * Apps with the addresses of endpoints written out as far as they are known: `https://portal.acme.example` for one with a domain, and
 * scheme and port around the reference to the host name for every other. So another domain is another config.
 */
export function fillAddresses(apps: Readonly<Record<string, App>>): Record<string, App> {
	const rewrite = (text: string) =>
		rewriteReferences(text, (reference) => {
			const wanted = readEndpointReference(reference);
			const endpoint = wanted && lookUp(lookUp(apps, wanted.app)?.endpoints ?? {}, wanted.endpoint);
			if (wanted === undefined || endpoint === undefined) return undefined;
			const host = knowHost(endpoint) === "known" ? (endpoint.domain ?? "") : `\${${hostReference(wanted)}}`;
			return wanted.part === "host" ? host : addressAt(host, { kind: endpoint.kind, ports: endpoint.ports ?? [] });
		});
	return mapValues(apps, (app) => ({
		...app,
		config: mapValues(app.config, rewrite),
		...(app.registry === undefined ? {} : { registry: { ...app.registry, username: rewrite(app.registry.username) } }),
	}));
}
