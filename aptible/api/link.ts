import { z } from "zod";

/** A link of a resource, which may be absent. */
export const Link = z.looseObject({ href: z.string() }).nullish().catch(undefined);

/**
 * The id that a link ends in, as the dashboard reads it (app-ui, src/hal: `extractIdFromLink`). Requests are made from ids: the token
 * goes to no address that comes out of an answer.
 */
export function linkedId(link: z.infer<typeof Link>): number | undefined {
	const id = /\/(\d+)\/?$/.exec(link?.href ?? "")?.[1];
	return id === undefined ? undefined : Number(id);
}
