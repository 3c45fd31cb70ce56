namespace Countersign.Core.Redaction.Secrets;

/// <summary>Clouds, hosting, databases and vaults.</summary>
internal static partial class TokenTable
{
    private const string Clouds =
        """
        aws-access-key-id AKIA {c16}
        aws-temporary-key-id ASIA {c16}
        aws-bearer-key-id ABIA {c16}
        aws-context-key-id ACCA {c16}
        aws-session-token IQoJb3JpZ2lu|FwoGZXIvYXdz {b100+}
        aws-bedrock-key ABSK {b100-160}
        aws-marketplace-token amzn.mws. {h8}-{h4}-{h4}-{h4}-{h12}
        amazon-oauth-secret amzn1.oa2-cs.v1. {h64}
        google-api-key AIza {n35}
        google-oauth-token ya29. {n30+}
        google-client-secret GOCSPX- {n28}
        google-refresh-token 1//0 {n40-120}
        google-recaptcha-secret 6Lc|6Ld|6Le|6Lf {n37}
        azure-storage-key AccountKey= {b88}
        azure-shared-access-key SharedAccessKey= {b44}
        azure-shared-signature sig= {b44}
        alibaba-key-id LTAI {w20}
        tencent-secret-id AKID {w32}
        yandex-api-key AQVN {n35-38}
        yandex-static-key YCAJE|YCM {n20-36}
        yandex-iam-token t1. {n20+}
        digitalocean-token dop_v1_ {h64}
        digitalocean-oauth-token doo_v1_ {h64}
        digitalocean-refresh-token dor_v1_ {h64}
        digitalocean-spaces-key DO00|DO80 {u16}
        scaleway-key SCW {u17}
        exoscale-key EXO {h24}
        upcloud-token ucat_ {u26}
        fly-token fo1_ {n43}
        fly-macaroon fm1a_|fm1r_|fm2_ {b100+}
        render-key rnd_ {w32}
        vercel-token vcp_|vci_|vca_|vcr_|vck_ {w24-80}
        netlify-token nfp_ {w36}
        cloudflare-origin-key v1.0- {h24}-{h146}
        heroku-key HRKU-AA {n58}
        scalingo-token tk-us- {n48}
        supabase-token sbp_ {h40}
        supabase-secret sb_secret_ {n31}
        neon-key napi_ {l64}
        planetscale-token pscale_tkn_ {n43}
        planetscale-oauth-token pscale_oauth_ {n43}
        planetscale-password pscale_pw_ {n43}
        mongodb-atlas-secret mdb_sa_sk_ {n40}
        aiven-password AVNS_ {n19}
        databricks-token dapi {h32}
        databricks-oauth-secret dose {h32}
        clickhouse-key 4b1d {w38}
        vault-service-token hvs. {n90-120}
        vault-batch-token hvb. {n138-300}
        vault-recovery-token hvr. {n90-120}
        doppler-personal-token dp.pt. {w43}
        doppler-service-token dp.st. {w40-44}
        doppler-cli-token dp.ct. {w40-44}
        doppler-account-token dp.sa. {w40-44}
        doppler-scim-token dp.scim. {w40-44}
        doppler-audit-token dp.audit. {w40-44}
        infisical-token st. {h24}.{h32}.{h32}
        onepassword-service-token ops_eyJ {b250+}
        onepassword-secret-key A3- {u6}-{u6}-{u5}-{u5}-{u5}-{u5}
        age-secret-key AGE-SECRET-KEY-1 {u58}
        pulumi-token pul- {h40}
        openshift-token sha256~ {n43}
        tailscale-key tskey-auth-|tskey-api-|tskey-client- {w10-20}-{w20-40}
        defined-networking-key dnkey- {u26}-{u52}
        akamai-client-token akab- {l16}-{l16}
        prefect-token pnu_|pnb_ {w36}
        localstack-token ls- {w8}-{w4}-{w4}-{w4}-{w12}
        jumpcloud-key jca_ {w36}

        """;
}
