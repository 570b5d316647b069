/** Where domains lead, as a cluster sees it. */
export interface DomainCheck {
	/** Public address of the cluster's manager. */
	address: string;
	/** IPv4 addresses of a domain, as the cluster finds them. */
	resolve: (domain: string) => Promise<readonly string[]>;
}

/**
 * MedStack makes and changes no service whose mapped domain leads elsewhere (its documentation, domain mapping).
 *
 * @returns why a change of a service with these domains is refused; undefined where it is not
 */
export async function refuseDomains(
	domains: readonly string[],
	{ address, resolve }: DomainCheck,
): Promise<string | undefined> {
	for (const domain of domains) {
		const addresses = await resolve(domain).catch((): string[] => []);
		if (!addresses.includes(address)) return `domain ${domain} does not resolve to the cluster manager`;
	}
	return undefined;
}
