import { isMap, type PropertyMap, type PropertyValue } from "../plugins/property-value.ts";

/**
 * The properties of each type, those of its parts in parentheses. What is not among them, the released provider leaves out of the request
 * without a word, at every depth, so that Azure never hears of it (source: pulumi-azure-native, convert/request.go). A test compares them
 * with the package's types.
 */
export const PROPERTIES: Readonly<Record<string, string>> = {
	"azure-native:resources:ResourceGroup": `
		location managedBy resourceGroupName tags
	`,
	"azure-native:storage:StorageAccount": `
		accessTier accountName allowBlobPublicAccess allowCrossTenantReplication allowSharedKeyAccess allowedCopyScope
		azureFilesIdentityBasedAuthentication(activeDirectoryProperties(accountType azureStorageSid domainGuid domainName domainSid forestName
		netBiosDomainName samAccountName) defaultSharePermission directoryServiceOptions) customDomain(name useSubDomainName)
		defaultToOAuthAuthentication dnsEndpointType enableExtendedGroups enableHttpsTrafficOnly enableNfsV3
		encryption(encryptionIdentity(encryptionFederatedIdentityClientId encryptionUserAssignedIdentity) keySource keyVaultProperties(keyName
		keyVaultUri keyVersion) requireInfrastructureEncryption services(blob(enabled keyType) file(enabled keyType) queue(enabled keyType)
		table(enabled keyType))) extendedLocation(name type) identity(type userAssignedIdentities) immutableStorageWithVersioning(enabled
		immutabilityPolicy(allowProtectedAppendWrites immutabilityPeriodSinceCreationInDays state)) isHnsEnabled isLocalUserEnabled
		isSftpEnabled keyPolicy(keyExpirationPeriodInDays) kind largeFileSharesState location minimumTlsVersion networkRuleSet(bypass
		defaultAction ipRules(action iPAddressOrRange) resourceAccessRules(resourceId tenantId) virtualNetworkRules(action state
		virtualNetworkResourceId)) publicNetworkAccess resourceGroupName routingPreference(publishInternetEndpoints publishMicrosoftEndpoints
		routingChoice) sasPolicy(expirationAction sasExpirationPeriod) sku(name) tags
	`,
	"azure-native:storage:BlobContainer": `
		accountName containerName defaultEncryptionScope denyEncryptionScopeOverride enableNfsV3AllSquash enableNfsV3RootSquash
		immutableStorageWithVersioning(enabled) metadata publicAccess resourceGroupName
	`,
	"azure-native:storage:BlobContainerImmutabilityPolicy": `
		accountName allowProtectedAppendWrites allowProtectedAppendWritesAll containerName immutabilityPeriodSinceCreationInDays
		immutabilityPolicyName resourceGroupName
	`,
	"azure-native:storage:BlobContainerLegalHold": `
		accountName allowProtectedAppendWritesAll containerName resourceGroupName tags
	`,
	"azure-native:storage:BlobServiceProperties": `
		accountName automaticSnapshotPolicyEnabled blobServicesName changeFeed(enabled retentionInDays)
		containerDeleteRetentionPolicy(allowPermanentDelete days enabled) cors(corsRules(allowedHeaders allowedMethods allowedOrigins
		exposedHeaders maxAgeInSeconds)) defaultServiceVersion deleteRetentionPolicy(allowPermanentDelete days enabled) isVersioningEnabled
		lastAccessTimeTrackingPolicy(blobType enable name trackingGranularityInDays) resourceGroupName restorePolicy(days enabled)
	`,
	"azure-native:storage:ManagementPolicy": `
		accountName managementPolicyName policy(rules(definition(actions(baseBlob(delete(daysAfterCreationGreaterThan
		daysAfterLastAccessTimeGreaterThan daysAfterLastTierChangeGreaterThan daysAfterModificationGreaterThan) enableAutoTierToHotFromCool
		tierToArchive(daysAfterCreationGreaterThan daysAfterLastAccessTimeGreaterThan daysAfterLastTierChangeGreaterThan
		daysAfterModificationGreaterThan) tierToCold(daysAfterCreationGreaterThan daysAfterLastAccessTimeGreaterThan
		daysAfterLastTierChangeGreaterThan daysAfterModificationGreaterThan) tierToCool(daysAfterCreationGreaterThan
		daysAfterLastAccessTimeGreaterThan daysAfterLastTierChangeGreaterThan daysAfterModificationGreaterThan)
		tierToHot(daysAfterCreationGreaterThan daysAfterLastAccessTimeGreaterThan daysAfterLastTierChangeGreaterThan
		daysAfterModificationGreaterThan)) snapshot(delete(daysAfterCreationGreaterThan daysAfterLastTierChangeGreaterThan)
		tierToArchive(daysAfterCreationGreaterThan daysAfterLastTierChangeGreaterThan) tierToCold(daysAfterCreationGreaterThan
		daysAfterLastTierChangeGreaterThan) tierToCool(daysAfterCreationGreaterThan daysAfterLastTierChangeGreaterThan)
		tierToHot(daysAfterCreationGreaterThan daysAfterLastTierChangeGreaterThan)) version(delete(daysAfterCreationGreaterThan
		daysAfterLastTierChangeGreaterThan) tierToArchive(daysAfterCreationGreaterThan daysAfterLastTierChangeGreaterThan)
		tierToCold(daysAfterCreationGreaterThan daysAfterLastTierChangeGreaterThan) tierToCool(daysAfterCreationGreaterThan
		daysAfterLastTierChangeGreaterThan) tierToHot(daysAfterCreationGreaterThan daysAfterLastTierChangeGreaterThan)))
		filters(blobIndexMatch(name op value) blobTypes prefixMatch)) enabled name type)) resourceGroupName
	`,
	"azure-native:operationalinsights:Workspace": `
		defaultDataCollectionRuleResourceId features(clusterResourceId disableLocalAuth enableDataExport
		enableLogAccessUsingOnlyResourcePermissions immediatePurgeDataOn30Days) forceCmkForQuery identity(type userAssignedIdentities)
		location publicNetworkAccessForIngestion publicNetworkAccessForQuery resourceGroupName retentionInDays sku(capacityReservationLevel
		name) tags workspaceCapping(dailyQuotaGb) workspaceName
	`,
	"azure-native:monitor:DiagnosticSetting": `
		eventHubAuthorizationRuleId eventHubName logAnalyticsDestinationType logs(category categoryGroup enabled retentionPolicy(days
		enabled)) marketplacePartnerId metrics(category enabled retentionPolicy(days enabled) timeGrain) name resourceUri serviceBusRuleId
		storageAccountId workspaceId
	`,
	"azure-native:authorization:ManagementLockByScope": `
		level lockName notes owners(applicationId) scope
	`,
	"azure-native:authorization:RoleAssignment": `
		condition conditionVersion delegatedManagedIdentityResourceId description principalId principalType roleAssignmentName
		roleDefinitionId scope
	`,
	"azure-native:dns:Zone": `
		location registrationVirtualNetworks(id) resolutionVirtualNetworks(id) resourceGroupName tags zoneName zoneType
	`,
	"azure-native:dns:RecordSet": `
		aRecords(ipv4Address) aaaaRecords(ipv6Address) caaRecords(flags tag value) cnameRecord(cname) dsRecords(algorithm digest(algorithmType
		value) keyTag) metadata mxRecords(exchange preference) naptrRecords(flags order preference regexp replacement services)
		nsRecords(nsdname) ptrRecords(ptrdname) recordType relativeRecordSetName resourceGroupName soaRecord(email expireTime host minimumTtl
		refreshTime retryTime serialNumber) srvRecords(port priority target weight) targetResource(id) tlsaRecords(certAssociationData
		matchingType selector usage) trafficManagementProfile(id) ttl txtRecords(value) zoneName
	`,
};

/** Properties by name, each with those of its parts; a leaf has none, and all below it is a request's own. */
interface Shape {
	readonly [name: string]: Shape | undefined;
}

/** Inputs as a request has them. */
export function keepKnown(token: string, inputs: PropertyMap): PropertyMap {
	return keep(inputs, shapeOf(token)) as PropertyMap;
}

function keep(value: PropertyValue, shape: Shape): PropertyValue {
	if (Object.keys(shape).length === 0) return value;
	if (Array.isArray(value)) return value.map((one) => keep(one, shape));
	if (!isMap(value)) return value;
	const known = Object.entries(value).filter(([name]) => Object.hasOwn(shape, name));
	return Object.fromEntries(known.map(([name, inner]) => [name, keep(inner, shape[name] ?? {})]));
}

const shapes = new Map<string, Shape>();

function shapeOf(token: string): Shape {
	const found = shapes.get(token) ?? readShape(PROPERTIES[token] ?? "");
	shapes.set(token, found);
	return found;
}

function readShape(text: string): Shape {
	const words = text.match(/\w+|[()]/g) ?? [];
	const read = (): Shape => {
		const shape: Record<string, Shape> = {};
		for (let word = words.shift(); word !== undefined && word !== ")"; word = words.shift()) {
			if (words[0] !== "(") shape[word] = {};
			else {
				words.shift();
				shape[word] = read();
			}
		}
		return shape;
	};
	return read();
}
