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
	endpoints?: Readonly<Record<string, Parameters<typeof knowHost>[0] | undefined>> | undefined;
}

/** An endpoint that an app waits for, and where the app asks for it. */
interface Wait extends EndpointReference {
	place: Place;
}

/** What each app waits for: endpoints of other apps whose host name is known once they are made, and its own with one that nobody knows before. */
function waitsOf(apps: Readonly<Record<string, AppLike | undefined>>, shared: Draft["shared"]): Map<string, Wait[]> {
	const waits = new Map<string, Wait[]>();
	for (const [handle, app] of Object.entries(apps)) {
		if (app === undefined) continue;
		const at = ["apps", handle];
		const texts: [Place, string | undefined][] = [
			...Object.entries(mergeVariables<string | undefined>(app, shared)).map(([key, text]): [Place, typeof text] => [
				[...at, ...(Object.hasOwn(app.config ?? {}, key) ? ["config", key] : ["configFrom"])],
				text,
			]),
			[[...at, "registry", "username"], app.registry?.username],
		];
		const found = texts.flatMap(([place, text]) =>
			endpointsIn(text).flatMap((wanted): Wait[] => {
				const endpoint = lookUp(lookUp(apps, wanted.app)?.endpoints ?? {}, wanted.endpoint);
				const knowledge = endpoint === undefined ? "known" : knowHost(endpoint);
				const isThere = knowledge === "known" || (knowledge === "default domain" && wanted.app === handle);
				return isThere ? [] : [{ ...wanted, place }];
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
	const waits = waitsOf(draft.apps ?? {}, draft.shared);
	const mistakes: Mistake[] = [];
	const done = new Set<string>();
	const visit = (handle: string, path: readonly { from: string; wait: Wait }[]) => {
		const start = path.findIndex(({ from }) => from === handle);
		if (start >= 0) {
			mistakes.push(tellCycle(path.slice(start)));
			return;
		}
		if (done.has(handle)) return;
		for (const wait of waits.get(handle) ?? []) visit(wait.app, [...path, { from: handle, wait }]);
		done.add(handle);
	};
	for (const handle of waits.keys()) visit(handle, []);
	return mistakes;
}

function tellCycle(cycle: readonly { from: string; wait: Wait }[]): Mistake {
	const [first] = cycle;
	const { place = [] } = first?.wait ?? {};
	const nameOf = ({ app, endpoint }: EndpointReference) => `apps.${app}.endpoints.${endpoint}`;
	const fix = `give ${first === undefined ? "it" : nameOf(first.wait)} a domain, which is known before`;
	if (cycle.length === 1) {
		const says = `asks for the host name of an endpoint of the app itself, which Aptible gives when it makes it, after the app's release; ${fix}, or defaultDomain: true`;
		return { place, says, about: "nothing" };
	}
	const chain = cycle.map(({ from: one, wait: next }) => `${one} waits for ${nameOf(next)}`).join(", ");
	const says = `closes a circle: ${chain}; ${fix}, or remove one of the references and set that variable with aptible config:set after the first pulumi up`;
	return { place, says, about: "nothing" };
}
