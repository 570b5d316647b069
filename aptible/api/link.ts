import { z } from "zod";

const endsInId = /\/(\d+)\/?$/;

/** A link to a resource, which every answer has. */
export const RequiredLink = z.looseObject({ href: z.string().regex(endsInId, "a link that ends in no id") });
/** A link of a resource, which may be absent. One of another form is an error: it would be taken for none. */
export const Link = RequiredLink.nullish();

/**
 * The id that a link ends in, as the dashboard reads it (app-ui, src/hal: `extractIdFromLink`). Requests are made from ids: the token
 * goes to no address that comes out of an answer.
 */
export function linkedId(link: z.infer<typeof RequiredLink>): number;
export function linkedId(link: z.infer<typeof Link>): number | undefined;
export function linkedId(link: z.infer<typeof Link>): number | undefined {
	return link == null ? undefined : Number(endsInId.exec(link.href)?.[1]);
}
