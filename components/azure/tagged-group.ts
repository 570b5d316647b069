import { getResourceGroup } from "@pulumi/azure-native/resources/getResourceGroup.js";
import type * as pulumi from "@pulumi/pulumi";
import type { Tags } from "../../config/azure/tags.ts";
import { refuseLoss } from "./refuse-loss.ts";

/** Options of a resource group's tags: an update that would take somebody's off is refused, and without tags in the file they stay. */
export function groupOptions(
	name: string,
	resourceGroupName: string,
	tags: Tags | undefined,
): pulumi.CustomResourceOptions {
	if (tags === undefined) return { ignoreChanges: ["tags"] };
	return refuseLoss({
		name: `ResourceGroup-${name}`,
		what: `the resource group "${resourceGroupName}"`,
		watched: { tags: "tags" },
		read: () => getResourceGroup({ resourceGroupName }),
	});
}
