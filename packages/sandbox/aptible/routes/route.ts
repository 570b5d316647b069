/** What routes are made of, and what they have in common. */
import { withoutNewest } from "../cli-context.ts";
import { type Hal, listOf, type View } from "../hal/resource.ts";
import type { Kind, Records } from "../model.ts";
import { notFound } from "../server/resources.ts";
import type { Session } from "../server/session.ts";

/** A request on its way through a route. */
export interface Request {
	session: Session;
	view: View;
	url: URL;
	body: Record<string, unknown>;
	/** The part of the path that the route leaves open. */
	id: number;
	part: string;
}

/** An answer: a resource, a text, or nothing. */
export interface Answer {
	status: number;
	body?: Hal | string;
	headers?: Readonly<Record<string, string>>;
}

/** Method, path and what answers it; the first that fits counts. */
export type Route = [method: string, path: RegExp, handle: (request: Request) => Answer];

/** An answer with a resource. */
export const ok = (body: Hal): Answer => ({ status: 200, body });

/** The record that a path names, unless it has gone. */
export function find<K extends Kind>({ session, id }: Request, kind: K): Records[K] {
	const record = session.read((store) => store.find(kind, id));
	if (!record || ("deleted_at" in record && record.deleted_at)) throw notFound();
	return record;
}

/** An answer with one page of a collection, which may lag behind; without what is embedded where the caller wants none. */
export function page(
	{ view, url, session }: Request,
	name: string,
	ids: { id: number; handle?: string; external_host?: string | null }[],
	shape: (id: number) => Hal,
): Answer {
	const isBare = url.searchParams.get("no_embed") === "true";
	const bare = ({ _embedded: _, ...rest }: Hal): Hal => rest;
	const items = withoutNewest(session, ids).map(({ id }) => (isBare ? bare(shape(id)) : shape(id)));
	const answer = listOf(view, name, items, url);
	return ok(JSON.parse(session.lagging(`${url.search} ${view.showSecrets}`, JSON.stringify(answer))));
}
