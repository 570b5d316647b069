/** What Azure offers for blobs, and what Azure asks of names and addresses (facts/azure.md; Azure docs, read 2021 to 2026). */

/** `R` in front of `A`: the copy in the other region can be read. `Z`: three availability zones instead of one. */
export const redundancies = ["LRS", "ZRS", "GRS", "GZRS", "RAGRS", "RAGZRS"] as const;
export type Redundancy = (typeof redundancies)[number];

/** What an app may do in a container, and the letters of it in a SAS (facts/azure.md §1a; Azure docs: create a service SAS). */
export const permissionsByAccess = {
	read: "rl",
	/** Puts new blobs in and sees none, as a backup does. */
	upload: "cw",
	readWrite: "racwl",
	readWriteDelete: "racwdl",
} as const;
export type Access = keyof typeof permissionsByAccess;

/** Days that a SAS lives at most: a leaked one must end some day (facts/azure.md §1b). */
export const longestSasDays = 365;

/** How many windows a SAS lives: the one it was made in, and the next, in which it is replaced. */
export const windowsOfSas = 2;

/** A GUID, as Azure writes them. */
export const guidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Name of an account (Azure docs: storage account overview; facts/azure.md §3). It is part of a host name. */
export const accountPattern = /^[a-z0-9]{3,24}$/;

/** Name of a container (Azure docs: naming containers). */
export const containerPattern = /^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Name of a resource group (Azure docs: naming rules). */
export const resourceGroupPattern = /^[\w().-]{0,89}[\w()-]$/;

/** Name of a Log Analytics workspace (Azure docs: naming rules). */
export const workspacePattern = /^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$/;
