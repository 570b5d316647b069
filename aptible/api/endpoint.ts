import { z } from "zod";
import { leafFingerprint, normalFingerprint } from "../../wire/certificate.ts";
import { ApiError } from "../client/errors.ts";
import type { Api } from "./api.ts";

const Vhost = z.looseObject({
	container_port: z.int().nullish(),
	_links: z.looseObject({ certificate: z.looseObject({ href: z.string() }).nullish() }),
});

const Certificate = z.looseObject({ sha256_fingerprint: z.string(), certificate_body: z.string().nullish() });

/** What the CLI does not show of an endpoint (facts/terraform-provider.md §3.6; recorded run 69 for the port of a gRPC one). */
export interface EndpointDetails {
	port: number | undefined;
	/** SHA-256 of its certificate in lower-case hex; `hidden` where the token's role may not see it. */
	certificate: string | undefined;
}

export async function readEndpointDetails(api: Api, id: number): Promise<EndpointDetails> {
	const vhost = await api.read(`${api.root}/vhosts/${id}`, Vhost);
	const href = vhost._links.certificate?.href;
	return {
		port: vhost.container_port ?? undefined,
		certificate: href === undefined ? undefined : await readFingerprint(api, href),
	};
}

async function readFingerprint(api: Api, href: string): Promise<string> {
	const certificate = await readUnless(api, href, Certificate, [403, 404]);
	return certificate === undefined ? "hidden" : fingerprintOf(certificate);
}

/** Fingerprints of the certificates that an environment has, as far as the token's role may see them. */
export async function listCertificateFingerprints(api: Api, environmentId: number): Promise<string[]> {
	const url = `${api.root}/accounts/${environmentId}/certificates?per_page=5000`;
	try {
		return (await api.list(url, "certificates", Certificate)).map(fingerprintOf);
	} catch (error) {
		if (error instanceof ApiError && error.status === 403) return [];
		throw error;
	}
}

/** Takes the ports out of an endpoint's record, for which the CLI has no option. Provisioning makes it so. */
export function clearPorts(api: Api, id: number, field: "container_port" | "container_ports"): Promise<void> {
	return api.send("PUT", `${api.root}/vhosts/${id}`, { [field]: field === "container_port" ? null : [] });
}

/** By the certificate itself where it can be read: the API's own figure is only what it says it is. */
function fingerprintOf({ certificate_body: body, sha256_fingerprint: shown }: z.infer<typeof Certificate>): string {
	return leafFingerprint(body ?? "") ?? normalFingerprint(shown);
}

async function readUnless<T extends z.ZodType>(
	api: Api,
	url: string,
	form: T,
	statuses: readonly number[],
): Promise<z.infer<T> | undefined> {
	try {
		return await api.read(url, form);
	} catch (error) {
		if (error instanceof ApiError && statuses.includes(error.status)) return undefined;
		throw error;
	}
}
