/** One thing that is not the same; definitions, counts and sums, never a row's values. */
export interface Difference {
	/** `table public.visits`, `large object 4711` ... */
	object: string;
	/** `missing`, `extra`, `rows`, `content`, `owner`, `definition` ... */
	what: string;
	source: string;
	target: string;
}
