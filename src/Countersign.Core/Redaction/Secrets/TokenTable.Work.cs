namespace Countersign.Core.Redaction.Secrets;

/// <summary>What watches systems; and where people plan, write, draw and sell.</summary>
internal static partial class TokenTable
{
    private const string Watching =
        """
        newrelic-user-key NRAK- {u27}
        newrelic-insert-key NRII- {n32}
        newrelic-browser-key NRJS- {h19}
        newrelic-rest-key NRRA- {h42}
        grafana-cloud-token glc_ {b32+}
        grafana-service-token glsa_ {w32}_{x8}
        grafana-old-key eyJrIjoi {b70+}
        dynatrace-token dt0c01. {u24}.{u64}
        dynatrace-oauth-secret dt0s02. {u8}.{u64}
        sentry-organization-token sntrys_ {p80+}
        sentry-user-token sntryu_ {h64}
        honeycomb-ingest-key hcaik_ {l58}
        honeycomb-management-key hcamk_ {l58}
        axiom-token xaat-|xapt- {h8}-{h4}-{h4}-{h4}-{h12}
        posthog-key phx_ {w40-48}
        checkly-key cu_ {h32}
        healthchecks-key hcw_ {w28}
        elastic-service-token essu_ {b40+}
        segment-token sgp_ {w64}
        snyk-token snyk_uat. {h8}.{n40+}

        """;

    private const string Work =
        """
        notion-token ntn_ {w46}
        notion-secret secret_ {w43}
        linear-key lin_api_ {w40}
        linear-oauth-token lin_oauth_ {h64}
        asana-token 1/|2/ {d15-17}:{h32}
        figma-token figd_ {n40}
        figma-refresh-token figdr_ {n40}
        airtable-token pat {w14}.{h64}
        typeform-token tfp_ {n59}
        contentful-token CFPAT- {n43}
        dropbox-token sl. {n130+}
        dropbox-user-token sl.u. {n130+}
        frameio-token fio-u- {n64}
        clickup-token pk_ {d6-9}_{u32}
        hubspot-token pat-na1-|pat-na2-|pat-eu1- {h8}-{h4}-{h4}-{h4}-{h12}
        salesforce-session 00D {w12}!{p90-120}
        close-key api_ {w22}.{w22}
        okta-token 00 {n40}
        stytch-secret secret-live-|secret-test- {n35}=
        mapbox-secret sk.eyJ {n60-120}.{n22}
        zuplo-key zpka_ {l32}_{h8}
        trigger-key tr_prod_|tr_dev_ {w20-24}
        inngest-key signkey-prod-|signkey-test- {h64}
        liveblocks-secret sk_prod_|sk_dev_ {n60-70}
        dbt-token dbtc_|dbtu_ {n40-64}
        settlemint-token sm_pat_|sm_aat_|sm_sat_ {w16}
        adobe-secret p8e- {l32}
        adafruit-key aio_ {w28}
        ubidots-token BBFF- {w30}
        canva-secret cnvca {n50-60}
        polar-token polar_oat_|polar_pat_ {w30-60}
        brex-token bxt_ {w36-60}
        cal-key cal_live_|cal_test_ {h32}

        """;
}
