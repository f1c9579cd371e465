"""Actions that AWS has and that answer NotImplemented here, with the reason (data only)."""

from __future__ import annotations

from trug.iam.api.actions import Family
from trug.iam.api.services import IAM

family = Family(IAM)

COMPUTE = "instance profiles belong to machines of EC2."
PASSWORDS = "there are no passwords: users sign with access keys, or come by OpenID Connect."
MFA = "there are no devices for multi-factor authentication."
SAML = "identity providers are those of OpenID Connect."
SERVICE_LINKED = "no service here has roles of its own."
OTHER_SERVICE = "these credentials are for services that are not here."
SSH = "SSH public keys are for a service that is not here."
CERTIFICATES = "certificates of servers are files that the server is started with."
SIGNING = "certificates that sign requests are of protocols that are not spoken here."
DELEGATION = "access is delegated by roles and their trust policies."
ORGANIZATIONS = "there are no organizations above the accounts."
OUTBOUND = "this server issues no web identities."
REPORTS = "no reports are made of credentials or of access."
PREFERENCES = "tokens are of one kind."
TEMPLATES = "there are no templates of roles."
PROPERTIES = "accounts have no properties."

DECLINED = {
    COMPUTE: (
        "AddRoleToInstanceProfile",
        "CreateInstanceProfile",
        "DeleteInstanceProfile",
        "GetInstanceProfile",
        "ListInstanceProfileTags",
        "RemoveRoleFromInstanceProfile",
        "TagInstanceProfile",
        "UntagInstanceProfile",
    ),
    PASSWORDS: (
        "ChangePassword",
        "CreateLoginProfile",
        "UpdateLoginProfile",
        "UpdateAccountPasswordPolicy",
    ),
    MFA: (
        "CreateVirtualMFADevice",
        "DeactivateMFADevice",
        "DeleteVirtualMFADevice",
        "EnableMFADevice",
        "GetMFADevice",
        "ListMFADeviceTags",
        "ResyncMFADevice",
        "TagMFADevice",
        "UntagMFADevice",
    ),
    SAML: (
        "CreateSAMLProvider",
        "DeleteSAMLProvider",
        "GetSAMLProvider",
        "ListSAMLProviderTags",
        "TagSAMLProvider",
        "UntagSAMLProvider",
        "UpdateSAMLProvider",
    ),
    SERVICE_LINKED: (
        "CreateServiceLinkedRole",
        "DeleteServiceLinkedRole",
        "GetServiceLinkedRoleDeletionStatus",
    ),
    OTHER_SERVICE: (
        "CreateServiceSpecificCredential",
        "DeleteServiceSpecificCredential",
        "ResetServiceSpecificCredential",
        "UpdateServiceSpecificCredential",
    ),
    SSH: (
        "DeleteSSHPublicKey",
        "GetSSHPublicKey",
        "UpdateSSHPublicKey",
        "UploadSSHPublicKey",
    ),
    CERTIFICATES: (
        "DeleteServerCertificate",
        "GetServerCertificate",
        "ListServerCertificateTags",
        "TagServerCertificate",
        "UntagServerCertificate",
        "UpdateServerCertificate",
        "UploadServerCertificate",
    ),
    SIGNING: (
        "DeleteSigningCertificate",
        "UpdateSigningCertificate",
        "UploadSigningCertificate",
    ),
    DELEGATION: (
        "AcceptDelegationRequest",
        "AssociateDelegationRequest",
        "CreateDelegationRequest",
        "GetDelegationRequest",
        "ListDelegationRequests",
        "RejectDelegationRequest",
        "SendDelegationToken",
        "UpdateDelegationRequest",
    ),
    ORGANIZATIONS: (
        "DisableOrganizationsRootCredentialsManagement",
        "DisableOrganizationsRootSessions",
        "EnableOrganizationsRootCredentialsManagement",
        "EnableOrganizationsRootSessions",
        "GenerateOrganizationsAccessReport",
        "GetOrganizationsAccessReport",
        "ListOrganizationsFeatures",
    ),
    OUTBOUND: (
        "DisableOutboundWebIdentityFederation",
        "EnableOutboundWebIdentityFederation",
        "GetOutboundWebIdentityFederationInfo",
    ),
    REPORTS: (
        "GenerateCredentialReport",
        "GenerateServiceLastAccessedDetails",
        "GetCredentialReport",
        "GetHumanReadableSummary",
        "GetServiceLastAccessedDetails",
        "GetServiceLastAccessedDetailsWithEntities",
        "ListPoliciesGrantingServiceAccess",
    ),
    PREFERENCES: ("SetSecurityTokenServicePreferences",),
    TEMPLATES: ("AcquireRole", "GetRoleTemplateVersion"),
    PROPERTIES: ("GetAccountProperties", "PutAccountProperties"),
}

for reason, names in DECLINED.items():
    for name in names:
        family.declined(name, reason)
