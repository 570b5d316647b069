import { type CertificatePem, type OwnCertificate, readCertificate } from "../../wire/certificate.ts";
import type { Difference } from "../../wire/difference.ts";
import type { EndpointFacts, EndpointSpec } from "../../wire/endpoint.ts";
import { endpointLabel } from "../../wire/endpoint-identity.ts";
import { type EndpointDetails, listFingerprints } from "../api/endpoint.ts";
import { fillSecrets } from "../app/values.ts";
import type { CliOptions } from "../cli/command-line.ts";
import { AptibleError } from "../client/errors.ts";
import type { Context } from "../context.ts";
import { sweepCertificateFiles, withCertificateFiles } from "./certificate-files.ts";

/** A certificate with what is to be sent. */
export type FilledCertificate = OwnCertificate & CertificatePem;

/**
 * Chain and key that the spec refers to.
 *
 * @throws AptibleError when Aptible would not take them; the preview has looked at them too, but the clock goes on
 */
export async function fillCertificate(context: Context, spec: EndpointSpec): Promise<FilledCertificate | undefined> {
	if (spec.certificate === undefined) return undefined;
	await sweepCertificateFiles();
	const label = endpointLabel(spec.name, spec.on);
	const chain = fillSecrets(context, label, spec.certificate.chain);
	const key = fillSecrets(context, label, spec.certificate.key);
	const { certificate, pem, problems } = readCertificate(chain, key, { domain: spec.domain, now: new Date() });
	if (pem !== undefined) context.redactor.add(pem.key);
	if (certificate !== undefined && pem !== undefined) return { ...certificate, ...pem };
	const lines = problems.map(({ part, says }) => `  ${part === "domain" ? spec.domain : `its ${part}`} ${says}`);
	throw new AptibleError(`${label} cannot have this certificate:\n${lines.join("\n")}`);
}

/** What the facts remember of the certificate that was sent. */
export function certificateMarks(
	spec: EndpointSpec,
	own: FilledCertificate | undefined,
): Pick<EndpointFacts, "certificate" | "chain"> {
	return {
		certificate: own?.fingerprint ?? spec.certificateFingerprint ?? "",
		chain: own?.chainFingerprint ?? "",
	};
}

/**
 * Why the declared certificate has to be sent: it is another than the live one; or, which is not seen there, the same one has
 * other intermediates than last time. What the token may not see is compared with what was sent last.
 */
export function certificateDue(
	differences: readonly Difference[],
	details: EndpointDetails | undefined,
	marks: Pick<EndpointFacts, "certificate" | "chain">,
	previous: Pick<EndpointFacts, "certificate" | "chain"> | undefined,
): "certificate" | "chain" | undefined {
	if (marks.certificate === "") return undefined;
	if (differences.some(({ field }) => field === "certificate")) return "certificate";
	if (details?.certificate === "hidden" && previous?.certificate !== marks.certificate) return "certificate";
	return previous?.certificate === marks.certificate && previous.chain !== marks.chain ? "chain" : undefined;
}

/** Calls with the options of the declared certificate; one that the environment has already is not uploaded again. */
export async function withCertificate(
	context: Context,
	spec: EndpointSpec,
	environmentId: number,
	own: FilledCertificate | undefined,
	due: "certificate" | "chain",
	use: (options: CliOptions) => Promise<void>,
): Promise<void> {
	if (own === undefined) return use({ certificateFingerprint: spec.certificateFingerprint });
	const known = due === "chain" ? [] : [...(await listFingerprints(context.api, environmentId)).values()];
	if (known.includes(own.fingerprint)) return use({ certificateFingerprint: own.fingerprint });
	return withCertificateFiles(own, use);
}
