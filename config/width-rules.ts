/** Lists of who may connect that let everyone in. What a list admits counts, not how it is written. */

import { countPublicAddresses, prefixLength } from "./azure/storage-addresses.ts";
import { type Mistake, type Place, wrongValue } from "./mistakes.ts";

/** A list that admits more than the largest network anybody was ever given keeps nobody out. */
const narrowestPrefix = 8;
const mostAddresses = 2 ** (32 - narrowestPrefix);

/**
 * Judges a list of IPv4 addresses and ranges.
 *
 * @param why what is wrong with letting everyone in: `which is no firewall`
 * @param instead what else may be written: `, or internal: true`
 */
export function checkWidth(
	place: Place,
	ranges: readonly (string | undefined)[] | undefined,
	why: string,
	instead = "",
): Mistake[] {
	const readable = (ranges ?? []).filter((range) => range !== undefined);
	const wide = (ranges ?? []).flatMap((range, index): Mistake[] => {
		if (range === undefined || prefixLength(range) >= narrowestPrefix) return [];
		const says = `lets everyone in, ${why}; give it who may connect, in ranges of /${narrowestPrefix} or narrower${instead}`;
		return [wrongValue([...place, index], says)];
	});
	const count = countPublicAddresses(readable);
	if (wide.length > 0 || count <= mostAddresses) return wide;
	const says = `lets ${count} addresses in, more than one /${narrowestPrefix} has, ${why}; allowed: ${mostAddresses} together${instead}`;
	return [wrongValue(place, says)];
}
