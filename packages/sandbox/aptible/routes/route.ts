/** What routes are made of, and what they have in common. */
import { withoutNewest } from "../cli-context.ts";
import * as hal from "../hal.ts";
import type { Kind, Records } from "../model.ts";
import { notFound } from "../server/resources.ts";
import type { Session } from "../server/session.ts";

/** A request on its way through a route. */
export interface Request {
	session: Session;
	view: hal.View;
	url: URL;
	body: Record<string, unknown>;
	/** The part of the path that the route leaves open. */
	id: number;
	part: string;
}

/** An answer: a resource, a text, or nothing. */
export interface Answer {
	status: number;
	body?: hal.Hal | string;
	headers?: Readonly<Record<string, string>>;
}

/** Method, path and what answers it; the first that fits counts. */
export type Route = [method: string, path: RegExp, handle: (request: Request) => Answer];

/** An answer with a resource. */
export const ok = (body: hal.Hal): Answer => ({ status: 200, body });

/** The record that a path names, unless it has gone. */
export function find<K extends Kind>({ session, id }: Request, kind: K): Records[K] {
	const record = session.read((store) => store.find(kind, id));
	if (!record || ("deleted_at" in record && record.deleted_at)) throw notFound();
	return record;
}

/** An answer with one page of a collection, which may lag behind. */
export function page(
	{ view, url, session }: Request,
	name: string,
	ids: { id: number; handle?: string }[],
	shape: (id: number) => hal.Hal,
): Answer {
	return ok(
		hal.listOf(
			view,
			name,
			withoutNewest(session, ids).map(({ id }) => shape(id)),
			url,
		),
	);
}
