import type { EndpointSpec } from "./endpoint.ts";

/**
 * The address to open at a host name. Schemes other than https are ours to choose: `grpcs`, `tls`, `tcp`, the last two with the port where
 * there is one.
 */
export function addressAt(host: string, { kind, ports }: Pick<EndpointSpec, "kind" | "ports">): string {
	if (kind === "https") return `https://${host}`;
	if (kind === "grpc") return `grpcs://${host}`;
	const scheme = kind === "database" ? "tcp" : kind;
	return `${scheme}://${host}${ports.length === 1 ? `:${ports[0]}` : ""}`;
}

/** The host name in an address, which may be that of a wildcard; empty where it has none. */
export function hostIn(address: string): string {
	return /^[a-z]+:\/\/([^/:]*)/.exec(address)?.[1] ?? "";
}
