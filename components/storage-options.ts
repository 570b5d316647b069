import type { CustomResourceOptions } from "@pulumi/pulumi";

/**
 * Options of what holds files or names that others rely on: a protected resource cannot be deleted or replaced by Pulumi, and
 * stays in Azure when it leaves the program. Neither is for a stage that has to leave nothing behind.
 */
export function keepOptions(protect: boolean): Pick<CustomResourceOptions, "protect" | "retainOnDelete"> {
	return { protect, retainOnDelete: protect };
}

/**
 * Options that take a live resource over as it is. Pulumi updates what it has just imported to match the program
 * (pulumi#19339), which would close the firewall on an app that still runs; so everything but its identity is ignored. The
 * first update without these options is the one that changes it, and its preview shows what.
 *
 * @param identity arguments that must be right from the start, since another value replaces the resource
 */
export function importOptions(
	id: string,
	args: object,
	identity: readonly string[],
): Pick<CustomResourceOptions, "import" | "ignoreChanges"> {
	return { import: id, ignoreChanges: Object.keys(args).filter((key) => !identity.includes(key)) };
}
