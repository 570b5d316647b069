/** What a stage file is made of, as plain values. */
export type Block = Record<string, unknown>;

/** A block without what is not there, or is what the stage file has by default. */
export function lean(block: Block, defaults: Block = {}): Block {
	return Object.fromEntries(
		Object.entries(block).filter(([key, value]) => {
			const isEmpty = value === undefined || value === null || (Array.isArray(value) && value.length === 0);
			return !isEmpty && value !== defaults[key];
		}),
	);
}
