/** Pages of a collection (facts/terraform-provider.md §3.5: `page`, `per_page`, `_links.next`). */
import { z } from "zod";

/** A page whose items are under `name`. */
export function pageOf<T extends z.ZodType>(name: string, item: T) {
	return z.looseObject({
		_embedded: z.looseObject({ [name]: z.array(item) }),
		_links: z.looseObject({ next: z.unknown().optional() }).nullish(),
		per_page: z.int().nullish().catch(undefined),
	});
}

/** The address of another page of a collection. */
export function withPage(address: string, page: number): string {
	const url = new URL(address);
	url.searchParams.set("page", String(page));
	return url.href;
}

/**
 * Whether there may be another page: the answer names one, or is full. Its links are not followed, as the token goes to Aptible's own
 * addresses alone.
 */
export function hasNext(
	address: string,
	{
		_links: links,
		per_page: size,
	}: { _links?: { next?: unknown } | null | undefined; per_page?: number | null | undefined },
	count: number,
): boolean {
	if (links?.next !== undefined && links.next !== null) return true;
	return count >= (size ?? Number(new URL(address).searchParams.get("per_page") ?? 1));
}

/** By what an item is known again. */
export function idOf(item: unknown): unknown {
	const id = typeof item === "object" && item !== null && "id" in item ? item.id : undefined;
	return id ?? JSON.stringify(item);
}
