import type { Alias } from "@pulumi/pulumi";

/**
 * Aliases that let a resource go on under its new handle. Without one, Pulumi would create the new name, which finds the live
 * object, and then delete the old name, which is that very object.
 */
export function formerNames(former: string | undefined): Alias[] {
	return former === undefined ? [] : [{ name: former }];
}
