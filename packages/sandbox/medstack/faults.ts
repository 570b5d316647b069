/** What goes wrong with requests to MedStack's API. */

/**
 * `500` answers so and does nothing, `500-done` does what was asked first; `break-off` ends the answer in its middle, `not-json` answers a page,
 * `not-done` answers as if it were done, `refused` answers 422 and does nothing, `silent` does not answer at all.
 */
export type ApiFaultKind = "500" | "refused" | "500-done" | "break-off" | "not-json" | "not-done" | "silent";

export interface ApiFault {
	/** Of the method and the path, such as `PATCH /v1/companies/c1/clusters/k1/services/s2`. */
	request: RegExp;
	kind: ApiFaultKind;
	/** @default 1 */
	times?: number;
}

/** Faults that wait for their requests. */
export class ApiFaults {
	readonly #waiting: { request: RegExp; kind: ApiFaultKind; left: number }[] = [];

	add({ request, kind, times = 1 }: ApiFault): void {
		this.#waiting.push({ request, kind, left: times });
	}

	/** The fault of a request, which is one less to come then. */
	take(request: string): ApiFaultKind | undefined {
		const fault = this.#waiting.find((one) => one.left > 0 && one.request.test(request));
		if (fault === undefined) return undefined;
		fault.left -= 1;
		return fault.kind;
	}
}
