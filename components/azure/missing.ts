/** How Azure Resource Manager says that something is not there. A group may be called `rg-404`, so that a bare number says nothing. */
const missing = /\bStatus=404\b|\bCode="\w*NotFound"/;

/** An answer of Azure; undefined where it says that there is none. */
export async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
	try {
		return await answer;
	} catch (error) {
		if (missing.test(String(error))) return undefined;
		throw error;
	}
}
