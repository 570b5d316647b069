import type { Store } from "../store.ts";

/** A resource or list as the API answers with it. */
export type Hal = Record<string, unknown>;

/** What an answer depends on beside the record: where links point, and how much may be shown. */
export interface View {
	store: Store;
	/** Scheme and host of the request, since links are made from it. */
	root: string;
	/** `false` where the caller asked to be spared secrets (`Prefer: no_sensitive_extras=true`). */
	showSecrets: boolean;
	/** `true` where the caller asked for secrets expressly. */
	showSensitiveSettings: boolean;
	/** No page of a list has more than this, whatever the caller asks for. */
	longestPage: number;
	/** `true` where those that are not shown are an empty object. */
	emptiesSensitiveSettings?: boolean;
}

/** A resource: its fields, and links made from paths; no link for a path that is null. */
export function resource(
	view: View,
	type: string,
	path: string,
	fields: Hal,
	links: Record<string, string | null> = {},
): Hal {
	const { owner: _owner, ...shown } = fields;
	const hrefs = Object.entries({ self: path, ...links }).flatMap(([name, target]) =>
		target === null ? [] : [[name, { href: `${view.root}${target}` }]],
	);
	return { ...shown, _type: type, _links: Object.fromEntries(hrefs) };
}

/** A page of a list. */
export function listOf(view: View, name: string, items: Hal[], url: URL): Hal {
	const perPage = Math.min(Math.max(Number(url.searchParams.get("per_page") ?? 40), 1), view.longestPage);
	const page = Math.max(Number(url.searchParams.get("page") ?? 1), 1);
	const at = (number: number) => {
		const params = new URLSearchParams(url.searchParams);
		params.set("page", String(number));
		return { href: `${view.root}${url.pathname}?${params}` };
	};
	return {
		total_count: items.length,
		per_page: perPage,
		current_page: page,
		_links: {
			self: at(page),
			...(page * perPage < items.length ? { next: at(page + 1) } : {}),
			...(page > 1 ? { prev: at(page - 1) } : {}),
		},
		_embedded: { [name]: items.slice((page - 1) * perPage, page * perPage) },
	};
}
