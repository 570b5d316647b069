/** The order in which apps can be made that need the addresses of each other's endpoints. */
import { lookUp } from "../wire/own.ts";
import { type EndpointReference, readEndpointReference } from "../wire/references.ts";
import { references, TemplateError } from "../wire/template.ts";
import type { Draft } from "./draft.ts";
import { knowHost } from "./endpoint-references.ts";
import type { Mistake, Place } from "./mistakes.ts";
import { mergeVariables } from "./variables.ts";

/** An app as far as its order depends on it. */
interface AppLike {
	config?: Readonly<Record<string, string | undefined>> | undefined;
	configFrom?: readonly (string | undefined)[] | undefined;
	registry?: { username?: string | undefined } | undefined;
	endpoints?: Readonly<Record<string, EndpointLike | undefined>> | undefined;
}

type EndpointLike = Parameters<typeof knowHost>[0] & { kind?: string | undefined };

/** An endpoint that an app waits for, and where the app asks for it. */
interface Wait extends EndpointReference {
	/** The app that waits. */
	by: string;
	place: Place;
	/** Whether a domain would make its address known. */
	mayHaveDomain: boolean;
}

/** What each app waits for: endpoints of other apps whose host name is known once they are made, and its own with one that is unknown before. */
function waitsOf(apps: Readonly<Record<string, AppLike | undefined>>, shared: Draft["shared"]): Map<string, Wait[]> {
	const waits = new Map<string, Wait[]>();
	for (const [handle, app] of Object.entries(apps)) {
		if (app === undefined) continue;
		const at = ["apps", handle];
		const { config = {}, registry } = app;
		const texts: [Place, string | undefined][] = [
			...Object.entries(mergeVariables<string | undefined>(app, shared)).map(([key, text]): [Place, typeof text] => [
				[...at, ...(Object.hasOwn(config, key) ? ["config", key] : ["configFrom"])],
				text,
			]),
			[[...at, "registry", "username"], registry?.username],
		];
		const found = texts.flatMap(([place, text]) =>
			endpointsIn(text).flatMap((wanted): Wait[] => {
				const endpoint = lookUp(lookUp(apps, wanted.app)?.endpoints ?? {}, wanted.endpoint);
				if (endpoint === undefined) return [];
				const knowledge = knowHost(endpoint);
				const isThere = knowledge === "known" || (knowledge === "default domain" && wanted.app === handle);
				return isThere ? [] : [{ ...wanted, by: handle, place, mayHaveDomain: endpoint.kind !== "tcp" }];
			}),
		);
		waits.set(handle, found);
	}
	return waits;
}

/** What is wrong with a template is said where templates are checked. */
function endpointsIn(text: string | undefined): EndpointReference[] {
	if (text?.includes("apps.") !== true) return [];
	try {
		return references(text).flatMap((reference) => readEndpointReference(reference) ?? []);
	} catch (error) {
		if (error instanceof TemplateError) return [];
		throw error;
	}
}

/** Handles of the apps in the order in which they can be made: that of the file, but for those that wait for another one. */
export function orderApps(apps: Readonly<Record<string, AppLike>>): string[] {
	const waits = waitsOf(apps, undefined);
	const ordered = new Set<string>();
	const add = (handle: string) => {
		if (ordered.has(handle)) return;
		for (const { app } of waits.get(handle) ?? []) add(app);
		ordered.add(handle);
	};
	for (const handle of Object.keys(apps)) add(handle);
	return [...ordered];
}

/** Judges what apps wait for: no app for an address of its own that is made with its endpoint, and none for one that waits for it. */
export function checkEndpointOrder(draft: Draft): Mistake[] {
	const { apps = {}, shared } = draft;
	const waits = waitsOf(apps, shared);
	const mistakes: Mistake[] = [];
	const done = new Set<string>();
	const visit = (handle: string, path: readonly Wait[]) => {
		const start = path.findIndex(({ by }) => by === handle);
		if (start >= 0) {
			mistakes.push(tellCircle(path.slice(start)));
			return;
		}
		if (done.has(handle)) return;
		for (const wait of waits.get(handle) ?? []) visit(wait.app, [...path, wait]);
		done.add(handle);
	};
	for (const handle of waits.keys()) visit(handle, []);
	return mistakes;
}

/** @param circle at least one, each of which waits for the app of the next one */
function tellCircle(circle: readonly Wait[]): Mistake {
	const nameOf = ({ app, endpoint }: Wait) => `apps.${app}.endpoints.${endpoint}`;
	const domains = circle.filter(({ mayHaveDomain }) => mayHaveDomain).slice(0, 1);
	const fixes = domains.map((one) => `give ${nameOf(one)} a domain, which is known before`);
	const place = circle[0]?.place ?? [];
	if (circle.length === 1) {
		const fix = [...fixes, "set defaultDomain: true there, if the app has no other one"].join(", or ");
		const says = `asks for the host name of an endpoint of the app itself, which Aptible gives when it makes it, after the app's release; ${fix}`;
		return { place, says, about: "nothing" };
	}
	const chain = circle.map((one) => `${one.by} waits for ${nameOf(one)}`).join(", ");
	const last = "remove one of the references and set that variable with aptible config:set after the first pulumi up";
	return { place, says: `closes a circle: ${chain}; ${[...fixes, last].join(", or ")}`, about: "nothing" };
}
