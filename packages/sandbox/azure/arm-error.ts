/** An answer of Azure Resource Manager that refuses something, in the words of the released provider. */
export class ArmError extends Error {
	override name = "ArmError";

	constructor(status: number, code: string, message: string) {
		super(`Status=${status} Code="${code}" Message="${message}"`);
	}
}
