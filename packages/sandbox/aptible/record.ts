/** Fields that every record has. `owner` is the id of the record that it belongs to, 0 at the top. */
export interface Common {
	id: number;
	owner: number;
	created_at: string;
	updated_at: string;
}

/** How far the provisioning of a record has come. */
export type ResourceStatus =
	| "pending"
	| "provisioning"
	| "provisioned"
	| "provision_failed"
	| "deprovisioning"
	| "deprovision_failed";
