import { mostIpRules, privateNetworkOf, rulesOf, sortRules } from "../../config/azure/storage-addresses.ts";

/**
 * The addresses that a storage account lets in, in the form and order of its firewall (facts/azure.md §2): sorted and each
 * once, so that another order of the same addresses changes nothing.
 *
 * @param outbound addresses of the Aptible stack, as Aptible gives them (`203.0.113.10/32`)
 * @param others addresses that the stage file adds
 * @throws Error when Azure would refuse them, which would leave the firewall as it was.
 */
export function collectFirewallAddresses(outbound: readonly string[], others: readonly string[]): string[] {
	for (const address of outbound) {
		const network = privateNetworkOf(address);
		if (network === undefined) continue;
		throw new Error(
			`the Aptible stack's outbound address ${address} is in ${network}, which Azure's firewall refuses; ask Aptible's support for the public addresses of the stack`,
		);
	}
	const rules = sortRules([...outbound, ...others].flatMap(rulesOf));
	if (rules.length > mostIpRules) {
		throw new Error(
			`the storage account would have ${rules.length} IP rules, and Azure allows ${mostIpRules}; shorten storage.allowFrom`,
		);
	}
	return rules;
}
