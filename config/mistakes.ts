/** Mistakes in a stage file: where each is, and what it says. */

/** Where something stands in a stage file: `["apps", "portal", "image"]`. */
export type Place = readonly (string | number)[];

/** Something wrong in a stage file. */
export interface Mistake {
	readonly place: Place;
	/** Predicate, without the value it is about: `is not a container size; allowed: ...`. */
	readonly says: string;
	/** What to put in front of the predicate: the value at the place, the name at its end, or nothing. */
	readonly about: "value" | "name" | "nothing";
}

/** A mistake about the value at a place. */
export function wrongValue(place: Place, says: string): Mistake {
	return { place, says, about: "value" };
}

/** A mistake about the name at the end of a place. */
export function wrongName(place: Place, says: string): Mistake {
	return { place, says, about: "name" };
}

/** The value at a place; `undefined` where there is none. */
export function valueAt(raw: unknown, place: Place): unknown {
	return place.reduce<unknown>(
		(value, key) =>
			typeof value === "object" && value !== null && Object.hasOwn(value, key)
				? (value as Record<string | number, unknown>)[key]
				: undefined,
		raw,
	);
}
